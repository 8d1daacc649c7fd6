import type { TopLevelSpec } from 'vega-lite'
import type { MetricInfo } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatChange, formatNumber } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, place, scaledAxis } from './axes.ts'
import { framed, LATENCY_TICK, type Layer, MUTED, quantitative, verticalTitle } from './config.ts'
import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import { endLabels, roomForLabels } from './labels.ts'
import { dots, pixels } from './traced.ts'

/** The chosen percentile of every valid trial by block, which shows drift and jumps during the run. */
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

/** Which arm varies the most, and whether the whole run drifted. */
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
    ? ' Neighbouring blocks are merged by their geometric mean.'
    : ''
  const drifted = drift === undefined ? '' : ` Over all arms, the second half of the run is ${pace(drift)} the first.`
  return `${style.name} varies the most between blocks: ${formatLevel('seconds', low)} to ${formatLevel('seconds', high)} in ${count(groups.length, blocks ? 'group' : 'block')}.${drifted}${blocks}`
}

function pace(ratio: number): string {
  if (Math.abs(ratio - 1) < 5e-4) return 'as fast as'
  return `${formatChange(ratio).slice(1).replace(' ', '\u{A0}')} ${ratio > 1 ? 'slower' : 'faster'} than`
}

/** The mean over arms of the ratio of the later half to the earlier half. It is taken within arms, so that arms that fail late do not look like drift. */
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

interface BlockRow {
  readonly style: ArmStyle
  /** By the place of the group. */
  readonly at: readonly { readonly place: number; readonly value: number }[]
}

interface BlocksOf {
  readonly rows: readonly BlockRow[]
  readonly groups: readonly BlockGroup[]
  readonly scale: 'log' | 'linear'
  readonly title: string
}

/** Where a value of a group stands, in pixels. */
interface Places {
  readonly x: Axis
  readonly y: Axis
  across(at: number): number
  down(value: number): number
}

/** A thin line with a mark for each trial: the order is what is looked at. */
function blocksSpec(about: BlocksOf, given: Frame): TopLevelSpec {
  const names = about.rows.map(({ style }) => style.name)
  const frame = { ...roomForLabels(given, names), top: given.top + 10 }
  const places = placesOf(about, frame)
  const ends = about.rows.map(({ style: { name, color }, at }) => {
    return { text: name, color, y: places.down(at.at(-1)?.value ?? places.y.domain[0]) }
  })
  return {
    ...framed(frame),
    layer: [
      lines(about, places, frame),
      ...cohorts(about.groups, places.across, frame),
      marks(about, places, frame),
      ...endLabels(ends, frame),
    ],
  }
}

function placesOf({ rows, groups, scale }: BlocksOf, frame: Frame): Places {
  const values = rows.flatMap(({ at }) => at.map(({ value }) => value))
  const y = scaledAxis(scale, values)
  const x: Axis = { kind: 'linear', domain: [-0.5, groups.length - 0.5], ticks: ticksOf(groups, frame) }
  return {
    x,
    y,
    across: (at) => place(x, at) * plotWidth(frame),
    down: (value) => (1 - place(y, value)) * plotHeight(frame),
  }
}

function lines({ rows, groups, scale, title }: BlocksOf, { x, y }: Places, frame: Frame): Layer {
  const values = rows.flatMap(({ style: { name, color, dash }, at }) =>
    at.map((one) => ({ arm: name, color, dash, x: one.place, y: one.value })),
  )
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 1, opacity: 0.55, strokeJoin: 'round' },
    encoding: {
      x: quantitative('x', x, {
        title: 'Block, in the order of the run',
        titlePadding: 10,
        grid: false,
        labelExpr: `${JSON.stringify(groups.map(({ name }) => name))}[datum.value]`,
      }),
      y: quantitative('y', y, {
        labelExpr: LATENCY_TICK,
        title: `${title}${scale === 'log' ? ' (log scale)' : ''}`,
        ...verticalTitle(frame),
        titleY: -24,
      }),
      detail: { field: 'arm' },
      stroke: { field: 'color', scale: null },
      strokeDash: { field: 'dash', scale: null },
    },
  }
}

function marks({ rows, groups }: BlocksOf, { across, down }: Places, frame: Frame): Layer {
  const all = rows.flatMap(({ style: { name, color, shape }, at }) =>
    at.map((one) => {
      const say = `${name}, block ${groups[one.place]?.name}: ${formatLevel('seconds', one.value)}`
      return { x: across(one.place), y: down(one.value), series: name, say, color, shape }
    }),
  )
  return dots(all, groups.length > 24 || isNarrow(frame) ? 2.6 : 3.4, frame)
}

function ticksOf(groups: readonly BlockGroup[], frame: Frame): number[] {
  const longest = Math.max(...groups.map(({ name }) => name.length))
  const step = Math.ceil((groups.length * (longest * 7 + 8)) / plotWidth(frame))
  return [...groups.keys()].filter((index) => index % step === 0)
}

/** Where everything was provisioned anew. */
function cohorts(groups: readonly BlockGroup[], across: (at: number) => number, frame: Frame): Layer[] {
  const starts = groups.flatMap(({ cohort }, index) =>
    groups[index - 1]?.cohort === cohort ? [] : [{ cohort, index }],
  )
  if (starts.length < 2) return []
  const room = plotWidth(frame) / starts.length
  const values = starts.map(({ cohort, index }) => ({
    x: across(index - 0.5),
    at: across(index - 0.5) + 4,
    text: room > 64 ? `cohort ${cohort}` : String(cohort),
  }))
  return [
    {
      data: { values: values.slice(1) },
      mark: { type: 'rule', color: MUTED, strokeDash: [3, 3] },
      encoding: { x: pixels('x'), y: { value: -6 }, y2: { value: plotHeight(frame) } },
    },
    {
      data: { values },
      mark: { type: 'text', align: 'left', baseline: 'bottom', color: MUTED },
      encoding: { x: pixels('at'), y: { value: -1 }, text: { field: 'text' } },
    },
  ]
}

interface BlockValue {
  readonly cohort: number
  readonly block: number
  readonly value: number
}

/** A block, or neighbouring ones of a cohort put together. */
interface BlockGroup {
  readonly cohort: number
  readonly from: number
  readonly to: number
  /** "3", or "1–5". */
  readonly name: string
}

/** More dots in a line cannot be told apart, and would make the page grow with the run. */
const MOST = 40

/** Blocks that have a value, in order; no group spans two cohorts. */
export function blockGroups(values: readonly BlockValue[]): BlockGroup[] {
  const cohortOf = new Map(values.map(({ block, cohort }) => [block, cohort]))
  const blocks = [...cohortOf].sort(([a], [b]) => a - b).map(([block, cohort]) => ({ block, cohort }))
  const size = Math.ceil(blocks.length / MOST)
  const groups: { cohort: number; from: number; to: number; count: number }[] = []
  for (const { block, cohort } of blocks) {
    const last = groups.at(-1)
    if (last && last.cohort === cohort && last.count < size) {
      last.to = block
      last.count++
    } else groups.push({ cohort, from: block, to: block, count: 1 })
  }
  return groups.map(({ cohort, from, to }) => ({
    cohort,
    from,
    to,
    name: from === to ? formatNumber(from, 6) : `${from}–${to}`,
  }))
}
