import { LEVEL } from '../model/confidence.ts'
import { perQuantile } from '../model/quantiles.ts'
import type { LatencySummary } from '../model/result.ts'
import { binomialCdf, binomialQuantile } from './distributions.ts'

/** Places in the ordered sample, from 1; absent where the sample does not reach so far. `level`: the exact coverage. */
interface OrderInterval {
  readonly lo?: number
  readonly hi?: number
  readonly level: number
}

/**
 * Interval for a quantile between two order statistics (exact binomial): the k-th of n values lies below the quantile
 * with the chance P(X ≥ k), X being how many of them do. Each tail misses with at most half of 1 − level.
 */
export function quantileInterval(n: number, quantile: number, level = LEVEL): OrderInterval {
  const tail = (1 - level) / 2
  const lo = binomialQuantile(tail, n, quantile)
  const hi = n - binomialQuantile(tail, n, 1 - quantile) + 1
  return within(lo, hi, n, binomialCdf(hi - 1, n, quantile) - binomialCdf(lo - 1, n, quantile))
}

function within(lo: number, hi: number, n: number, level: number): OrderInterval {
  return { ...(lo < 1 ? {} : { lo }), ...(hi > n ? {} : { hi }), level: Math.min(1, level) }
}

/** What a histogram answers; latencies in seconds. */
interface Summarisable {
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly max: number
  quantile(q: number): number
}

/** What is kept beside a histogram. All zero where it is empty, since JSON has no NaN. */
export function summarise(histogram: Summarisable): LatencySummary {
  const { count, mean, min, max } = histogram
  if (count === 0) return { count, mean: 0, min: 0, max: 0, ...perQuantile(() => 0) }
  return { count, mean, min, max, ...perQuantile((q) => histogram.quantile(q)) }
}
