import type { Change, Drift, Trend } from '../analyse/over-runs/trends.ts'
import type { MetricInfo } from '../model/analysis.ts'
import { formatChange, formatNumber } from '../model/units.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, levelText, paragraph } from './text-layout.ts'

/** Number of runs that fit beside the figures. */
const SHOWN = 40
const BARS = '▁▂▃▄▅▆▇█'
const ASCII_BARS = '_.,-=+*#'

/** A line for each arm and load: its runs as bars and its values; then the change points. */
export function trendTable(trends: readonly Trend[], metrics: readonly MetricInfo[], style: Style): string {
  const groups = Map.groupBy(trends, ({ metric, load }) => `${titleOf(metric, metrics)} under ${load}`)
  const sections = [...groups].map(([title, group]) => {
    const rows = group.map((trend) => rowOf(trend, style))
    const head = ['', 'runs', 'first', 'last', 'least', 'most', `latest ${SHOWN} runs`].map((text) => ({
      text,
      paint: style.dim,
    }))
    return `${style.bold(style.plain(title))}\n${grid([head, ...rows], style.width)}`
  })
  const changes = trends.flatMap((trend) => trend.changes.map((change) => changeText(trend, change, metrics)))
  const drifts = trends.flatMap((trend) => (trend.drift ? driftText(trend, trend.drift, metrics) : []))
  const legend =
    'Arms are shown as their ratio to the baseline of the same run, the baseline by its level. Change points (E-divisive) show when a series changed, a drift that it changes a little in every run; they do not judge a run. p is the chance in noise that is autocorrelated as much as the series.'
  return [
    ...sections,
    style.dim(paragraph(style.plain(legend), { width: style.width })),
    listOf('change points', changes, style),
    listOf('drift', drifts, style),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function listOf(title: string, lines: readonly string[], style: Style): string {
  if (lines.length === 0) return ''
  const items = lines.map((line) => paragraph(style.plain(line), { first: '- ', indent: '  ', width: style.width }))
  return [style.bold(title), ...items].join('\n')
}

function rowOf({ arm, points, of, unit, changes }: Trend, style: Style): Entry[] {
  const values = points.map(({ value }) => value)
  const text = (value: number | undefined) => {
    if (value === undefined) return '–'
    return of === 'level' ? levelText(value, unit as MetricInfo['unit']) : `×${formatNumber(value)}`
  }
  const marks = new Set(changes.map(({ after }) => points.findIndex(({ run }) => run === after)))
  return [
    { text: style.plain(arm), paint: style.bold },
    { text: String(values.length) },
    { text: style.plain(text(values[0])) },
    { text: style.plain(text(values.at(-1))) },
    { text: style.plain(text(Math.min(...values))) },
    { text: style.plain(text(Math.max(...values))) },
    { text: bars(values, marks, style) },
  ]
}

/** A bar for each run; `|` stands before the first run after a change. */
function bars(values: readonly number[], marks: ReadonlySet<number>, style: Style): string {
  const from = Math.max(0, values.length - SHOWN)
  const logs = values.slice(from).map(Math.log)
  const [least, most] = [Math.min(...logs), Math.max(...logs)]
  const kinds = style.plain(BARS) === BARS ? BARS : ASCII_BARS
  const place = (log: number) =>
    most === least ? 3 : Math.round(((log - least) / (most - least)) * (kinds.length - 1))
  return logs.map((log, index) => (marks.has(from + index) ? '|' : '') + kinds[place(log)]).join('')
}

function changeText(trend: Trend, change: Change, metrics: readonly MetricInfo[]): string {
  const { at, before, after, ratio, p, versions } = change
  const what = `${titleOf(trend.metric, metrics)} of ${trend.arm} under ${trend.load}`
  const range =
    versions.length === 0
      ? 'No recorded version changed.'
      : `Changed versions: ${versions.map(({ what, from, to }) => `${what} ${from} → ${to}`).join('; ')}.`
  return `${at.slice(0, 10)}: ${what} ${formatChange(ratio)} (${chanceText(p, trend)}), after ${before}, from ${after} on. ${range}`
}

function driftText(trend: Trend, { perRun, ratio, runs, p }: Drift, metrics: readonly MetricInfo[]): string {
  const what = `${titleOf(trend.metric, metrics)} of ${trend.arm} under ${trend.load}`
  return `${what} changes by ${formatChange(perRun, 2)} a run, ${formatChange(ratio)} over ${runs} runs (${chanceText(p, trend)})`
}

/** Autocorrelation is said beside each p, since noise that wanders looks like changes. */
function chanceText(p: number, { autocorrelation = 0 }: Trend): string {
  return `p ${formatNumber(p, 2)} in noise of autocorrelation ${autocorrelation.toFixed(1)}`
}

function titleOf(metric: string, metrics: readonly MetricInfo[]): string {
  return metrics.find(({ name }) => name === metric)?.title ?? metric
}
