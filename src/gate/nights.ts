import { followedOf, type HistoryEntry } from '../model/history.ts'
import { mean } from '../stats/moments.ts'
import type { CohortSpread } from '../stats/nested.ts'
import { pooledSpread, successiveSpread } from '../stats/successive.ts'
import type { Compared } from './compared.ts'

/** What lies further back was another machine in all but name. */
const NIGHTS = 30

/**
 * How far ratios to the baseline lie apart from night to night without a cause: what the limits state; else what the
 * accepted runs and the history show, each by its degrees of freedom. In both a step counts once only. `past`: what the
 * history has of the series of this run, other than the accepted runs.
 */
export function nightSpread(
  { arm, load, metric, limits: { night } }: Pick<Compared, 'arm' | 'load' | 'metric' | 'limits'>,
  accepted: readonly (readonly (readonly number[])[])[],
  past: readonly HistoryEntry[],
): CohortSpread | undefined {
  if (night) return { deviation: night.deviation, freedom: night.runs }
  const series = past.filter((entry) => entry.arm === arm && entry.load === load)
  const of = followedOf(series, metric)
  const known = series.flatMap(({ metrics }) => {
    const value = metrics[metric]?.[of]?.center
    return value !== undefined && value > 0 ? [Math.log(value)] : []
  })
  const sources = [known.slice(-NIGHTS), accepted.map((cohorts) => mean(cohorts.map(mean)))]
  const found = pooledSpread(sources.flatMap((values) => successiveSpread(values) ?? []))
  return found?.deviation ? found : undefined
}
