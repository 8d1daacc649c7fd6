import type { HistoryEntry } from '../model/history.ts'
import { seriesKey } from '../model/history.ts'
import type { Limits } from '../model/limits.ts'
import { formatChange } from '../model/units.ts'
import type { GateFinding } from '../model/verdict.ts'
import { pooledSlope } from '../stats/pooled-slope.ts'

/** The nights that are looked back on; below the fewer, a slope is weather. */
const NIGHTS = 30
const FEWEST = 10

/**
 * What each night is too little to see: a ratio to the baseline that creeps. Only a warning: nights are not independent,
 * and a slope over them proves nothing about any one change.
 */
export function driftWarnings(
  history: readonly HistoryEntry[],
  limits: Pick<Limits, 'metrics' | 'defaults'>,
): GateFinding[] {
  const series = Map.groupBy(history, seriesKey)
  return [...series.values()].flatMap((entries) => {
    const nights = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).slice(-NIGHTS)
    return nights.length < FEWEST ? [] : limits.metrics.flatMap((metric) => creeping(nights, metric, limits))
  })
}

function creeping(
  nights: readonly HistoryEntry[],
  metric: string,
  { defaults }: Pick<Limits, 'defaults'>,
): GateFinding[] {
  const points = nights.flatMap(({ metrics }, x) => {
    const ratio = metrics[metric]?.ratio?.center
    return ratio !== undefined && ratio > 0 ? [{ x, y: Math.log(ratio) }] : []
  })
  const slope = pooledSlope([points])
  const last = nights.at(-1)
  const better = last?.metrics[metric]?.better
  if (slope?.lo === undefined || slope.hi === undefined || !last || points.length < FEWEST) return []
  const span = nights.length - 1
  const direction = better === 'higher' ? -1 : 1
  const surely = Math.min(direction * slope.lo, direction * slope.hi) > 0
  const change = slope.center * span
  if (!surely || direction * change < Math.log1p(defaults.minEffect)) return []
  const { arm, load, baseline } = last
  return [
    {
      rule: 'slow-drift',
      severity: 'warning',
      sentence: `${metric} of ${arm} under ${load} has crept by ${formatChange(Math.exp(change))} against ${baseline} over ${nights.length} runs, too slowly for any one of them to show.`,
      remedy: 'Look for the change in `meshbench history`; accept it with `meshbench gate accept`, or undo it.',
      arm,
      load,
      metric,
    },
  ]
}
