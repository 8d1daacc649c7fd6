import { medianSorted } from 'simple-statistics'
import type { Estimate } from '../model/analysis.ts'
import { LEVEL } from './interval.ts'
import { mannWhitneyCdf } from './mann-whitney.ts'
import { rootWhole } from './root.ts'
import { signedRankCdf } from './signed-rank.ts'

/**
 * The median of all means of two values, each with itself included, with the interval that inverts the signed-rank test
 * (Hodges and Lehmann, 1963): from the k-th smallest to the k-th largest of them, k being the smallest w with
 * P(W ≤ w) > (1 − level)/2. Exact without ties, and never short of its level with them, since the ends belong to it.
 */
export function hodgesLehmann(values: readonly number[], level = LEVEL): Estimate | undefined {
  const averages = values.flatMap((one, index) => values.slice(index).map((other) => (one + other) / 2))
  return between(averages, signedRankCdf(values.length), level, values.length)
}

/** By how much x is larger than y: the median of all differences, with the interval that inverts the Mann–Whitney test. */
export function hodgesLehmannShift(x: readonly number[], y: readonly number[], level = LEVEL): Estimate | undefined {
  const differences = x.flatMap((one) => y.map((other) => one - other))
  return between(differences, mannWhitneyCdf(x.length, y.length), level, x.length + y.length)
}

function between(all: readonly number[], cdf: (w: number) => number, level: number, n: number): Estimate | undefined {
  if (all.length === 0) return undefined
  const sorted = all.toSorted((a, b) => a - b)
  const center = medianSorted(sorted)
  const k = rootWhole(-1, all.length, (w) => cdf(w) > (1 - level) / 2)
  const [lo, hi] = [sorted[k - 1], sorted[sorted.length - k]]
  return lo === undefined || hi === undefined ? { center, n } : { center, lo, hi, n }
}
