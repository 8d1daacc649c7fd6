import { count } from '../../analyse/wording.ts'
import type { MetricInfo } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatChange } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import { formatLevel } from '../figures.ts'
import { latencyMetric, type View } from '../view.ts'
import { type BlockGroup, type BlockValue, blockGroups } from './block-groups.ts'
import { type BlockRow, blocksSpec } from './blocks-drawn.ts'

/** The chosen percentile of every valid trial in the order of blocks: what drifts or jumps in the night is seen here. */
export function blocksChart(view: View, load: Load): Chart {
  const metric = view.metric(latencyMetric(view, load))
  const values = metric ? valuesOf(view, load, metric) : []
  const groups = blockGroups(values.flatMap((one) => one.values))
  const rows = values.map(({ style, values: own }): BlockRow => ({ style, at: means(groups, own) }))
  const title = metric?.title ?? 'Latency'
  return {
    id: `blocks-${view.loads.indexOf(load)}`,
    title: `${title} by block, ${load.name}`,
    sentence: groups.length > 1 ? sentenceOf(rows, groups) : '',
    drawing:
      groups.length > 1
        ? (frame) => blocksSpec({ rows, groups, scale: view.state.scale, title: title }, frame)
        : { reason: 'No chart: fewer than two blocks have a valid trial of this load.' },
    columns: [
      { name: 'Cohort', unit: 'dimensionless' },
      { name: 'Block' },
      ...rows.map(({ style }) => ({ name: style.name, unit: 'seconds' as const })),
    ],
    rows: groups.map(({ cohort, name }, place) => [
      cohort,
      name,
      ...rows.map(({ at }) => at.find((one) => one.place === place)?.value),
    ]),
  }
}

function valuesOf(view: View, load: Load, metric: MetricInfo) {
  return view.arms.flatMap((style) => {
    const values = (view.cell(style.name, load.name, metric.name)?.values ?? []).filter(({ value }) => value > 0)
    return values.length > 0 ? [{ style, values }] : []
  })
}

/** The geometric mean of what an arm has in each group: one value, unless blocks were put together. */
function means(groups: readonly BlockGroup[], values: readonly BlockValue[]): BlockRow['at'] {
  const byGroup = Map.groupBy(values, ({ block }) => groups.findIndex(({ from, to }) => block >= from && block <= to))
  return [...byGroup]
    .sort(([a], [b]) => a - b)
    .map(([at, own]) => {
      const logs = own.reduce((sum, { value }) => sum + Math.log(value), 0)
      return { place: at, value: Math.exp(logs / own.length) }
    })
}

/** How much each arm's trials stray, and whether the run drifted as a whole. */
function sentenceOf(rows: readonly BlockRow[], groups: readonly BlockGroup[]): string {
  const spans = rows.flatMap(({ style, at }) => {
    const values = at.map(({ value }) => value)
    return values.length > 1 ? [{ style, low: Math.min(...values), high: Math.max(...values) }] : []
  })
  const widest = spans.sort((a, b) => b.high / b.low - a.high / a.low)[0]
  if (!widest) return 'No arm has two valid trials.'
  const { style, low, high } = widest
  const drift = driftOf(rows, groups.length)
  const blocks = groups.some(({ from, to }) => from !== to)
    ? ' Neighbouring blocks are put together, by their geometric mean.'
    : ''
  const drifted = drift === undefined ? '' : ` Over all arms, the second half of the run is ${pace(drift)} the first.`
  return `From block to block, ${style.name} strays the most: ${formatLevel('seconds', low)} to ${formatLevel('seconds', high)} in ${count(groups.length, blocks ? 'group' : 'block')}.${drifted}${blocks}`
}

function pace(ratio: number): string {
  if (Math.abs(ratio - 1) < 5e-4) return 'as fast as'
  return `${formatChange(ratio).slice(1).replace(' ', '\u{A0}')} ${ratio > 1 ? 'slower' : 'faster'} than`
}

/** The mean of what each arm's later half is to its earlier one: arms that fail late must not look like a drift. */
function driftOf(rows: readonly BlockRow[], length: number): number | undefined {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const logs = rows.flatMap(({ at }) => {
    const [early, late] = [at.filter((one) => one.place < length / 2), at.filter((one) => one.place >= length / 2)]
    if (early.length === 0 || late.length === 0) return []
    const [a, b] = [early, late].map((half) => mean(half.map(({ value }) => Math.log(value)))) as [number, number]
    return [b - a]
  })
  return logs.length === 0 ? undefined : Math.exp(mean(logs))
}
