import type { TopLevelSpec } from 'vega-lite'
import { formatLevel, formatRatio } from '../figures.ts'
import { thinned } from '../thinned.ts'
import { type Axis, logAxis, place } from './axes.ts'
import { callouts } from './callouts.ts'
import { framed, LATENCY_TICK, MUTED, quantitative, RATIO_TICK, verticalTitle } from './config.ts'
import { endLabels, roomForLabels } from './end-labels.ts'
import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import { changeText, type HistoryLine, type HistoryOf } from './history-of.ts'
import { shorten } from './labels.ts'
import type { Layer } from './layer.ts'
import { ratioAxis } from './ratio-axis.ts'
import { dots, pixels } from './traced.ts'

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
      const say = `${style.name} changed on ${change.at.slice(0, 10)}: ${changeText(change)}`
      return [
        { ...at(point.startedAt, point.value), series: style.name, say, color: style.color, text: changeText(change) },
      ]
    }),
  )
  const wanted = found.map(({ text, ...rest }) => ({ ...rest, text: shorten(text, Math.floor(plotWidth(frame) / 9)) }))
  const traces = lines.map(({ trend }) => trend.points.map(({ startedAt, value }) => at(startedAt, value)))
  return [
    {
      data: { values: found },
      mark: { type: 'point', size: 180, filled: false, strokeWidth: 1.8, opacity: 1 },
      encoding: { x: pixels('x'), y: pixels('y'), stroke: { field: 'color', scale: null } },
    },
    ...callouts(wanted, traces, frame),
  ]
}
