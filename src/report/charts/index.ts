import type { Load } from '../../model/scenario.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { blocksChart } from './blocks.ts'
import { capacityCharts } from './capacity-curves.ts'
import { clusterSizeChart } from './cluster-size.ts'
import { componentChart } from './component-bars.ts'
import { scatterChart } from './cost-scatter.ts'
import { ecdfChart } from './ecdf.ts'
import { errorRateCharts } from './error-rates.ts'
import { forestChart } from './forest.ts'
import { heatMapChart } from './heat-map.ts'
import { historyCharts } from './history-line.ts'
import { latenessChart } from './lateness.ts'
import { operationCharts } from './operation-line.ts'
import { spectrumCharts } from './spectrum.ts'
import { stallChart } from './stall-line.ts'
import { sweepCharts } from './sweep.ts'

/** Charts of one load, by the part of the page that they stand in. */
type OfLoad = (view: View, load: Load) => Chart[]

const BY_LOAD = {
  differences: (view, load) => [forestChart(view, load)],
  latency: spectrumCharts,
  resources: (view, load) => [
    componentChart(view, load, 'cpu'),
    componentChart(view, load, 'idle'),
    componentChart(view, load, 'memory'),
  ],
  clusterSize: (view, load) => [clusterSizeChart(view, load, 'cores'), clusterSizeChart(view, load, 'bytes')],
  tradeoffs: (view, load) => [scatterChart(view, load, 'cpu'), scatterChart(view, load, 'memory')],
  distribution: (view, load) => [ecdfChart(view, load)],
  seconds: (view, load) => [heatMapChart(view, load)],
  blocks: (view, load) => [blocksChart(view, load)],
  lateness: (view, load) => [latenessChart(view, load)],
  stalls: (view, { name }) =>
    view.data.stalls.flatMap((stall, index) => (stall.trial.load === name ? [stallChart(stall, index)] : [])),
  history: historyCharts,
  capacity: capacityCharts,
  operation: operationCharts,
} as const satisfies Record<string, OfLoad>

/** Charts of the whole run. */
const BY_RUN = {
  sweeps: sweepCharts,
  errorRates: () => errorRateCharts(),
} as const satisfies Record<string, (view: View) => Chart[]>

export type LoadPart = keyof typeof BY_LOAD
export type RunPart = keyof typeof BY_RUN

/** A load that searches a capacity, or has an operation, has these charts; all others are of loads that are steady. */
function partsFor({ capacity, operation }: Load): LoadPart | undefined {
  return capacity ? 'capacity' : operation === undefined ? undefined : 'operation'
}

const OF_ONE_KIND: readonly LoadPart[] = ['capacity', 'operation']

export function chartsOfLoad(view: View, part: LoadPart, load: Load): Chart[] {
  const only = partsFor(load)
  return (only === undefined ? !OF_ONE_KIND.includes(part) : part === only) ? BY_LOAD[part](view, load) : []
}

export function chartsOfRun(view: View, part: RunPart): Chart[] {
  return BY_RUN[part](view)
}

/** Every chart of the page, made as it is asked for: a browser stops at the one that it brings to life. */
export function* eachChart(view: View): Generator<Chart> {
  const others = view.loads.filter((load) => load !== view.load)
  for (const load of [view.load, ...others]) {
    for (const part of Object.keys(BY_LOAD)) yield* chartsOfLoad(view, part as LoadPart, load)
  }
  for (const make of Object.values(BY_RUN)) yield* make(view)
}

export function allCharts(view: View): Chart[] {
  return [...eachChart(view)]
}
