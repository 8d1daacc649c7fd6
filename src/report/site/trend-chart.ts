import type { Trend } from '../../analyse/history/trend.ts'
import { count, list } from '../../analyse/wording.ts'
import type { MetricUnit } from '../../model/units.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { historySpec } from '../charts/history-drawn.ts'
import type { HistoryLine } from '../charts/history-of.ts'
import { formatLevel, formatRatio } from '../figures.ts'

/** Older runs stay in the table; so many can be told apart. */
const DRAWN = 60

/** Arms over runs, by one metric under one load: all of them as ratios, or the baseline by its level. */
export function trendChart(
  trends: readonly Trend[],
  styles: readonly ArmStyle[],
  { id, title }: Pick<Chart, 'id' | 'title'>,
): Chart {
  const runs = runsOf(trends)
  const lines = linesOf(trends, styles, new Set(runs.slice(-DRAWN).map(({ run }) => run)))
  const of = trends[0]?.of ?? 'ratio'
  const unit = (trends[0]?.unit ?? 'seconds') as MetricUnit
  return {
    id,
    title,
    sentence: sentenceOf(trends, runs.length),
    drawing:
      runs.length > 1
        ? (frame) => historySpec({ lines, of, unit, run: '' }, frame)
        : { reason: `No chart: ${count(runs.length, 'run')} so far, and a trend takes two.` },
    columns: [
      { name: 'Run' },
      { name: 'Began' },
      ...trends.map(({ arm }) => ({ name: arm, unit: of === 'ratio' ? ('ratio' as const) : unit })),
    ],
    rows: runs.map(({ run, startedAt }) => [
      run,
      startedAt,
      ...trends.map(({ points }) => points.find((point) => point.run === run)?.value),
    ]),
  }
}

function linesOf(trends: readonly Trend[], styles: readonly ArmStyle[], kept: ReadonlySet<string>): HistoryLine[] {
  return trends.flatMap((trend) => {
    const style = styles.find(({ name }) => name === trend.arm)
    const points = trend.points.filter(({ run }) => kept.has(run))
    const changes = trend.changes.filter(({ after }) => kept.has(after))
    return style && points.length > 0 ? [{ style, trend: { ...trend, points, changes } }] : []
  })
}

function runsOf(trends: readonly Trend[]) {
  const runs = new Map(trends.flatMap(({ points }) => points.map(({ run, startedAt }) => [run, startedAt] as const)))
  return [...runs].map(([run, startedAt]) => ({ run, startedAt })).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
}

function sentenceOf(trends: readonly Trend[], runs: number): string {
  const last = trends.flatMap(({ arm, of, unit, points }) => {
    const value = points.at(-1)?.value
    if (value === undefined) return []
    return [`${arm} at ${of === 'ratio' ? formatRatio(value) : formatLevel(unit as MetricUnit, value)}`]
  })
  const changes = trends.reduce((sum, trend) => sum + trend.changes.length, 0)
  const found = changes === 0 ? 'no change is seen' : count(changes, 'change')
  return `At the end of ${count(runs, 'run')}: ${list(last)}; ${found}.`
}
