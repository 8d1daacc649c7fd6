import { type ClusterSize, DEFAULT_CLUSTER_SIZE } from '../../analyse/cost-model.ts'
import { tailOf } from '../../analyse/tail.ts'
import { noiseBand } from '../../compare/standing.ts'
import type { Cell, Clock, MetricInfo, Ranking } from '../../model/analysis.ts'
import { TAIL } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { PageData } from './page-data.ts'
import { type PageState, PUBLISHED } from './page-state.ts'

/** The data of the page in the current view, with lookups for its parts. */
export interface View {
  readonly data: PageData
  readonly state: PageState
  /** Those that are shown. */
  readonly arms: readonly ArmStyle[]
  readonly baseline: ArmStyle
  readonly loads: readonly Load[]
  /** The one that is shown. */
  readonly load: Load
  /** Inputs of the cost model. */
  readonly clusterSize: ClusterSize
  metric(name: string): MetricInfo | undefined
  cell(arm: string, load: string, metric: string): Cell | undefined
  /** The noise band of equal arms, a ratio ≥ 1; undefined without an A/A pair. */
  noise(load: string, metric: string): number | undefined
  /** Undefined where arms are not to be ranked: see `Analysis.unranked`. */
  ranking(load: string, metric: string): Ranking | undefined
}

export function viewOf(data: PageData, state: PageState = PUBLISHED): View {
  const baseline =
    data.arms.find(({ name }) => name === state.baseline) ?? data.arms.find(({ role }) => role === 'baseline')
  const load = data.loads.find(({ name }) => name === state.load) ?? data.loads[0]
  if (!baseline || !load) throw new TypeError('a scenario has a baseline and a load')
  const key = (...parts: string[]) => JSON.stringify(parts)
  const metrics = new Map(data.metrics.map((metric) => [metric.name, metric]))
  const cells = new Map(data.cells.map((cell) => [key(cell.arm, cell.load, cell.metric), cell]))
  const floors = Map.groupBy(data.noise, ({ load, metric }) => key(load, metric))
  const rankings = new Map(data.rankings.map((ranking) => [key(ranking.load, ranking.metric), ranking]))
  return {
    data,
    state,
    arms: data.arms.filter(({ name }) => !state.hidden.includes(name)),
    baseline,
    loads: data.loads,
    load,
    clusterSize: { ...DEFAULT_CLUSTER_SIZE, ...state.clusterSize },
    metric: (name) => metrics.get(name),
    cell: (arm, load, metric) => cells.get(key(arm, load, metric)),
    noise: (load, metric) => {
      const found = floors.get(key(load, metric))
      return found && noiseBand(found)
    },
    ranking: (load, metric) => (data.unranked === undefined ? rankings.get(key(load, metric)) : undefined),
  }
}

/** The headline clock of a load, unless the reader chooses the other. A closed loop has service time only, since it has no intended send. */
export function clockOf({ rate }: Pick<Load, 'rate'>, { clock }: Pick<PageState, 'clock'> = {}): Clock {
  return rate === 'max' ? 'service' : (clock ?? 'response')
}

/** The name of a latency metric by the current clock. A load without a p99 of a typical second uses its p99. */
export function latencyMetric(
  { state, data }: Pick<View, 'state' | 'data'>,
  load: Load,
  quantile: string = state.quantile,
): string {
  const name = quantile === TAIL ? tailOf(data.cells, load.name) : quantile
  return clockOf(load) !== clockOf(load, state) ? `service-${name}` : name
}

/** Metrics of the first table in order; missing ones are left out. */
export function headlines(view: View, load: Load): MetricInfo[] {
  const names = [
    latencyMetric(view, load, 'p50'),
    latencyMetric(view, load),
    // The tail of all requests is also shown, since it includes stalls.
    ...(view.state.quantile === TAIL ? [latencyMetric(view, load, 'p99')] : []),
    ...SHOWN.firstTable,
  ]
  return [...new Set(names)].flatMap((name) => view.metric(name) ?? [])
}
