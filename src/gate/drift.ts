import { TAIL } from '../analyse/samples.ts'
import { followedOf, type HistoryEntry, seriesKey } from '../model/history.ts'
import type { Limits } from '../model/limits.ts'
import { formatChange } from '../model/units.ts'
import type { GateFinding } from '../model/verdict.ts'
import { pooledSlope } from '../stats/pooled-slope.ts'
import { lastLevel } from '../stats/step.ts'

/** The nights that are looked back on; below the fewer, a slope is weather. */
const NIGHTS = 30
const FEWEST = 10

/**
 * What each night is too little to see: a ratio to the baseline that creeps. `nights`: of this run's series, itself the
 * last; what is before `since`, when a reference was accepted, was accepted with it. A step is no creeping: only what came
 * after it counts. Only a warning: nights are not independent, and a slope over them proves nothing about any one change.
 */
export function driftWarnings(
  nights: readonly HistoryEntry[],
  limits: Pick<Limits, 'metrics' | 'defaults'>,
  since = '',
): GateFinding[] {
  const known = nights.filter(({ startedAt }) => startedAt >= since)
  return [...Map.groupBy(known, seriesKey).values()].flatMap((entries) => {
    const series = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).slice(-NIGHTS)
    // A load without a p99 of a typical second is judged by its p99, and so it is followed.
    const isTold = series.some(({ metrics }) => metrics[TAIL] !== undefined)
    const followed = new Set(limits.metrics.map((metric) => (metric === TAIL && !isTold ? 'p99' : metric)))
    return [...followed].flatMap((metric) => creeping(series, metric, limits))
  })
}

function creeping(
  nights: readonly HistoryEntry[],
  metric: string,
  { defaults }: Pick<Limits, 'defaults'>,
): GateFinding[] {
  const of = followedOf(nights, metric)
  const all = nights.flatMap(({ arm, baseline, metrics }, x) => {
    const value = metrics[metric]?.[of]?.center
    return arm !== baseline && value !== undefined && value > 0 ? [{ x, y: Math.log(value) }] : []
  })
  const points = all.slice(lastLevel(all.map(({ y }) => y)))
  const [first, last] = [points[0], points.at(-1)]
  const slope = pooledSlope([points])
  const about = nights.at(-1)
  if (slope?.lo === undefined || slope.hi === undefined || !about || !first || !last) return []
  const direction = about.metrics[metric]?.better === 'higher' ? -1 : 1
  const surely = Math.min(direction * slope.lo, direction * slope.hi) > 0
  const change = slope.center * (last.x - first.x)
  if (points.length < FEWEST || !surely || direction * change < Math.log1p(defaults.minEffect)) return []
  const { arm, load, baseline } = about
  return [
    {
      rule: 'slow-drift',
      severity: 'warning',
      sentence: `${metric} of ${arm} under ${load} has crept by ${formatChange(Math.exp(change))} against ${baseline} over ${points.length} runs, too slowly for any one of them to show.`,
      remedy: 'Look for the change in `meshbench history`; accept it with `meshbench gate accept`, or undo it.',
      arm,
      load,
      metric,
    },
  ]
}
