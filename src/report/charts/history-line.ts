import type { Trend } from '../../analyse/history/trend.ts'
import { TREND_METRICS } from '../../analyse/history/trends-of-run.ts'
import { count } from '../../analyse/wording.ts'
import type { MetricUnit } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import { formatLevel, formatRatio } from '../figures.ts'
import type { View } from '../view.ts'
import { historySpec } from './history-drawn.ts'
import { changeText, type HistoryLine, type HistoryOf } from './history-of.ts'

/** Fewer runs are no history, and more cannot be told apart. */
const LEAST = 2
const MOST = 60

/** How each arm went from run to run: as ratios, since a slower night moves the baseline too; levels where there is no ratio. */
export function historyCharts(view: View): Chart[] {
  const history = view.data.history ?? []
  return TREND_METRICS.flatMap((metric) =>
    view.loads.flatMap((load, index) => {
      const trends = history.filter((trend) => trend.metric === metric && trend.load === load.name)
      return trends.length === 0 ? [] : [historyChart(view, metric, trends, `history-${metric}-${index}`)]
    }),
  )
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
    title: `${metric === 'mesh-cpu' ? 'CPU of the mesh' : metric} run by run, ${trends[0]?.load ?? ''}`,
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
    trend.changes.filter(({ after }) => after === run).map((change) => `${style.name} ${changeText(change)}`),
  )
}

function sentenceOf({ lines, of, unit }: HistoryOf, runs: number): string {
  const changes = lines.flatMap(({ style, trend }) => trend.changes.map((change) => ({ style, change })))
  const last = changes.sort((a, b) => (a.change.at < b.change.at ? -1 : 1)).at(-1)
  const over = `Over ${count(runs, 'run')}`
  if (last) {
    const { style, change } = last
    const others = changes.length > 1 ? ` and ${changes.length - 1} before it` : ''
    return `${over}, the last change is of ${style.name} on ${change.at.slice(0, 10)}: ${changeText(change)}${others}.`
  }
  const format = (value: number) => (of === 'ratio' ? formatRatio(value) : formatLevel(unit, value))
  const widest = lines
    .map(({ style, trend }) => {
      const values = trend.points.map(({ value }) => value)
      return { style, low: Math.min(...values), high: Math.max(...values) }
    })
    .sort((a, b) => b.high / b.low - a.high / a.low)[0]
  const range = widest ? ` ${widest.style.name} moves the most: ${format(widest.low)} to ${format(widest.high)}.` : ''
  return `${over}, no arm has a point from which on it is another.${range}`
}
