import type { TopLevelSpec } from 'vega-lite'
import type { Change, Trend } from '../../analyse/over-runs/trends.ts'
import type { Load } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { formatChange, type MetricUnit } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { type Chart, thinned } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatLevel, formatRatio } from '../format.ts'
import { type Axis, logAxis, place, ratioAxis } from './axes.ts'
import { framed, LATENCY_TICK, type Layer, MUTED, quantitative, RATIO_TICK, verticalTitle } from './config.ts'
import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import { callouts, endLabels, roomForLabels, shorten } from './labels.ts'
import { dots, pixels } from './traced.ts'

/** Least and most runs of a chart. */
const LEAST = 2
const MOST = 60

/** Each arm over runs: as ratios, since a slower machine affects the baseline too, or as levels where there is no ratio. */
export function historyCharts(view: View, load: Load): Chart[] {
  const history = view.data.history ?? []
  return SHOWN.history.flatMap((metric) => {
    const trends = history.filter((trend) => trend.metric === metric && trend.load === load.name)
    const id = `history-${metric}-${view.loads.indexOf(load)}`
    return trends.length === 0 ? [] : [historyChart(view, metric, trends, id)]
  })
}

function historyChart(view: View, metric: string, trends: readonly Trend[], id: string): Chart {
  const lines = latest(
    view.arms.flatMap((style) => {
      const own = trends.filter(({ arm }) => arm === style.name)
      return own.map((trend): HistoryLine => ({ style, trend }))
    }),
  )
  const ratios = lines.filter(({ trend }) => trend.of === 'ratio')
  const of = ratios.length > 0 ? 'ratio' : 'level'
  const shown = of === 'ratio' ? ratios : lines
  const unit = (shown[0]?.trend.unit ?? 'seconds') as MetricUnit
  const about: HistoryOf = { lines: shown, of, unit, run: view.data.run.id }
  const runs = runsOf(shown)
  return {
    id,
    title: `${metric === 'mesh-cpu' ? 'CPU of the mesh' : metric} by run, ${trends[0]?.load ?? ''}`,
    sentence: runs.length >= LEAST ? sentenceOf(about, runs.length) : '',
    drawing:
      runs.length >= LEAST
        ? (frame) => historySpec(about, frame)
        : { reason: 'No chart: the history has fewer than two runs with this metric.' },
    columns: [
      { name: 'Run' },
      { name: 'Started' },
      ...shown.map(({ style }) => ({ name: style.name, unit: of === 'ratio' ? ('ratio' as const) : unit })),
      { name: 'Changed' },
    ],
    rows: runs.map(({ run, startedAt }) => [
      run,
      startedAt,
      ...shown.map(({ trend }) => trend.points.find((point) => point.run === run)?.value),
      changesAt(shown, run).join('; ') || undefined,
    ]),
  }
}

/** Only the latest runs, and the changes that lie in them. */
function latest(lines: readonly HistoryLine[]): HistoryLine[] {
  const kept = new Set(
    runsOf(lines)
      .slice(-MOST)
      .map(({ run }) => run),
  )
  return lines.flatMap(({ style, trend }) => {
    const points = trend.points.filter(({ run }) => kept.has(run))
    const changes = trend.changes.filter(({ after }) => kept.has(after))
    return points.length > 0 ? [{ style, trend: { ...trend, points, changes } }] : []
  })
}

/** Every run that has a point, by date. */
function runsOf(lines: readonly HistoryLine[]) {
  const runs = new Map(
    lines.flatMap(({ trend }) => trend.points.map(({ run, startedAt }) => [run, startedAt] as const)),
  )
  return [...runs].map(([run, startedAt]) => ({ run, startedAt })).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
}

function changesAt(lines: readonly HistoryLine[], run: string): string[] {
  return lines.flatMap(({ style, trend }) =>
    trend.changes.filter(({ after }) => after === run).map((change) => `${style.name} ${changeText(change, style)}`),
  )
}

function sentenceOf({ lines, of, unit }: HistoryOf, runs: number): string {
  const changes = lines.flatMap(({ style, trend }) => trend.changes.map((change) => ({ style, change })))
  const last = changes.sort((a, b) => (a.change.at < b.change.at ? -1 : 1)).at(-1)
  const over = `Over ${count(runs, 'run')}`
  if (last) {
    const { style, change } = last
    const others = changes.length > 1 ? ` and ${changes.length - 1} before it` : ''
    return `${over}, the last change is of ${style.name} on ${change.at.slice(0, 10)}: ${changeText(change, style)}${others}.`
  }
  const format = (value: number) => (of === 'ratio' ? formatRatio(value) : formatLevel(unit, value))
  const widest = lines
    .map(({ style, trend }) => {
      const values = trend.points.map(({ value }) => value)
      return { style, low: Math.min(...values), high: Math.max(...values) }
    })
    .sort((a, b) => b.high / b.low - a.high / a.low)[0]
  const range = widest ? ` ${widest.style.name} varies the most: ${format(widest.low)} to ${format(widest.high)}.` : ''
  const drifts = lines.flatMap(({ style, trend: { drift } }) =>
    drift ? `${style.name} drifts by ${formatChange(drift.perRun, 2)} a run` : [],
  )
  return `${over}, no arm has a change point${drifts.length > 0 ? `, but ${list(drifts)}` : ''}.${range}`
}

const DAY = 86_400_000

/** Marks on a line that is drawn once: enough to know it by. */
const SHAPES = 9

/** A line for each arm over the dates of its runs, a mark where it changed. */
export function historySpec(about: HistoryOf, given: Frame): TopLevelSpec {
  const { lines, of } = about
  const frame = roomForLabels(
    given,
    lines.map(({ style }) => style.name),
  )
  const values = lines.flatMap(({ trend }) => trend.points.map(({ value }) => value))
  const y = of === 'ratio' ? ratioAxis(values, () => 24 / plotHeight(frame)) : logAxis(values)
  const x = dateAxis(lines, frame)
  const at = (time: string, value: number) => ({
    x: place(x, Date.parse(time)) * plotWidth(frame),
    y: (1 - place(y, value)) * plotHeight(frame),
  })
  return {
    ...framed(frame),
    layer: [
      paths(about, x, y, frame),
      ...thisRun(about, at, frame),
      points(about, at, frame),
      ...changes(about, at, frame),
      ...endLabels(
        lines.map(({ style, trend: { points: own } }) => {
          const last = own.at(-1)
          return { text: style.name, color: style.color, y: last ? at(last.startedAt, last.value).y : 0 }
        }),
        frame,
      ),
    ],
  }
}

type At = (time: string, value: number) => { readonly x: number; readonly y: number }

/** Whole days of UTC. */
function dateAxis(lines: readonly HistoryLine[], frame: Frame): Axis {
  const times = lines.flatMap(({ trend }) => trend.points.map(({ startedAt }) => Date.parse(startedAt)))
  const [least, most] = [Math.min(...times), Math.max(...times)]
  const margin = Math.max((most - least) * 0.02, 3_600_000)
  const [from, to] = [least - margin, most + margin]
  const wanted = isNarrow(frame) ? 3 : 5
  const step = Math.max(1, Math.ceil((to - from) / DAY / wanted)) * DAY
  const first = Math.ceil(from / DAY) * DAY
  const days = Array.from(
    { length: Math.max(0, Math.floor((to - first) / step) + 1) },
    (_, index) => first + index * step,
  )
  return { kind: 'linear', domain: [from, to], ticks: days.length > 0 ? days : [least] }
}

function paths({ lines, of, unit }: HistoryOf, x: Axis, y: Axis, frame: Frame): Layer {
  const values = lines.flatMap(({ style: { color, dash }, trend }, index) =>
    trend.points.map(({ startedAt, value }) => ({ line: index, color, dash, x: Date.parse(startedAt), y: value })),
  )
  const isLong = x.domain[1] - x.domain[0] > 300 * DAY
  const tick =
    of === 'ratio' ? { labelExpr: RATIO_TICK } : unit === 'seconds' ? { labelExpr: LATENCY_TICK } : { format: ',~r' }
  const title = of === 'ratio' ? 'Difference from the baseline (log scale)' : 'Level (log scale)'
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 1.2, opacity: 0.7, strokeJoin: 'round' },
    encoding: {
      x: quantitative('x', x, {
        labelExpr: `utcFormat(datum.value, '${isLong ? '%b %Y' : '%-d %b'}')`,
        title: 'Date of the run',
        titlePadding: 10,
        grid: false,
      }),
      y: quantitative('y', y, { ...tick, title, ...verticalTitle(frame) }),
      detail: { field: 'line' },
      stroke: { field: 'color', scale: null },
      strokeDash: { field: 'dash', scale: null },
    },
  }
}

function points({ lines, of, unit }: HistoryOf, at: At, frame: Frame): Layer {
  const words = (value: number) => (of === 'ratio' ? formatRatio(value) : formatLevel(unit, value))
  const all = lines.flatMap(({ style: { name, color, shape }, trend }) =>
    (frame.live ? trend.points : thinned(trend.points, SHAPES)).map(({ run, startedAt, value }) => {
      const say = `${name}, ${startedAt.slice(0, 10)}, run ${run}: ${words(value)}`
      return { ...at(startedAt, value), series: name, say, color, shape }
    }),
  )
  return dots(all, 3, frame)
}

/** The run that the page is about, where the history has it. */
function thisRun({ lines, run }: HistoryOf, at: At, frame: Frame): Layer[] {
  const own = lines.flatMap(({ trend }) => trend.points.filter((point) => point.run === run))[0]
  if (!own) return []
  const { x } = at(own.startedAt, own.value)
  const isLeft = x < 70
  return [
    {
      data: { values: [{ x }] },
      mark: { type: 'rule', color: MUTED, strokeDash: [3, 3] },
      encoding: { x: pixels('x'), y: { value: 0 }, y2: { value: plotHeight(frame) } },
    },
    {
      data: { values: [{ x }] },
      mark: { type: 'text', text: 'this run', color: MUTED, baseline: 'bottom', align: isLeft ? 'left' : 'right' },
      encoding: { x: pixels('x'), y: { value: -3 } },
    },
  ]
}

/** A ring at the first run after a change, and what changed beside it where there is room. */
function changes({ lines }: HistoryOf, at: At, frame: Frame): Layer[] {
  const found = lines.flatMap(({ style, trend }) =>
    trend.changes.flatMap((change) => {
      const point = trend.points.find(({ run }) => run === change.after)
      if (!point) return []
      const say = `${style.name} changed on ${change.at.slice(0, 10)}: ${changeText(change, style)}`
      return [
        {
          ...at(point.startedAt, point.value),
          series: style.name,
          say,
          color: style.color,
          text: changeText(change, style),
        },
      ]
    }),
  )
  const marked = newVersions(lines, at)
  const labels = [...found, ...marked.filter(({ x, y }) => found.every((one) => one.x !== x || one.y !== y))]
  const wanted = labels.map(({ text, ...rest }) => ({ ...rest, text: shorten(text, Math.floor(plotWidth(frame) / 9)) }))
  const traces = lines.map(({ trend }) => trend.points.map(({ startedAt, value }) => at(startedAt, value)))
  return [
    {
      data: { values: found },
      mark: { type: 'point', size: 180, filled: false, strokeWidth: 1.8, opacity: 1 },
      encoding: { x: pixels('x'), y: pixels('y'), stroke: { field: 'color', scale: null } },
    },
    {
      data: { values: marked },
      mark: { type: 'rule', strokeWidth: 1.8 },
      encoding: { x: pixels('x'), y: pixels('top'), y2: { field: 'bottom' }, stroke: { field: 'color', scale: null } },
    },
    ...callouts(wanted, traces, frame),
  ]
}

/** Half the length of the line across a series at the first run of another version. */
const ACROSS = 9

function newVersions(lines: readonly HistoryLine[], at: At) {
  return lines.flatMap(({ style: { name, color }, trend: { versions = [], points } }) =>
    versions.flatMap(({ run, from, to }) => {
      const point = points.find((one) => one.run === run)
      if (!point) return []
      const { x, y } = at(point.startedAt, point.value)
      const say = `${name}, ${point.startedAt.slice(0, 10)}: version ${from} → ${to}`
      return [{ x, y, top: y - ACROSS, bottom: y + ACROSS, series: name, say, color, text: to }]
    }),
  )
}

/** One arm over runs, as this page styles it. */
export interface HistoryLine {
  readonly style: ArmStyle
  readonly trend: Trend
}

interface HistoryOf {
  readonly lines: readonly HistoryLine[]
  /** A level has a unit; a ratio has none. */
  readonly of: Trend['of']
  readonly unit: MetricUnit
  /** The run that this page shows. */
  readonly run: string
}

/** "+25 % with envoy 1.39.0 → 1.40.0"; the version of the arm's own mesh needs no name. */
function changeText({ ratio, versions }: Change, { title }: ArmStyle): string {
  const what = versions
    .map(({ what: name, from, to }) => `${name === title ? '' : `${name} `}${from} → ${to}`)
    .join(', ')
  return `${formatRatio(ratio)}${what ? ` with ${what}` : ', no version changed'}`
}
