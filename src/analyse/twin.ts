import type { Estimate } from '../model/analysis.ts'
import { hodgesLehmann } from '../stats/hodges-lehmann.ts'
import { LEVEL, meanInterval } from '../stats/interval.ts'
import { rootWhole } from '../stats/root.ts'
import { signedRankCdf } from '../stats/signed-rank.ts'

/** In more blocks single ones do not matter, and their means by twos are too many to be sorted. */
const MOST = 200

/**
 * The Hodges–Lehmann twin of the t interval over blocks, where the two do not say the same: one leaves out 0, the other
 * does not. That happens where single blocks pull at the mean. Below six blocks there is no twin. Since a table has
 * thousands of cells, the twin's interval is only reckoned where a count shows that it disagrees.
 */
export function disagreeingTwin(values: readonly number[]): Estimate | undefined {
  const { lo = 0, hi = 0 } = meanInterval(values) ?? {}
  const least = leastRank(values.length)
  if (least === 0 || values.length > MOST) return undefined
  const sorted = Float64Array.from(values).sort()
  const [above, below] = [positive(sorted), positive(sorted.map((value) => -value).reverse())]
  const all = (values.length * (values.length + 1)) / 2
  // The interval runs from the least-th smallest average to the least-th largest.
  const twin = all - above < least ? 1 : all - below < least ? -1 : 0
  return twin === (lo > 0 ? 1 : hi < 0 ? -1 : 0) ? undefined : hodgesLehmann(values)
}

/** How many of the means of two values, each with itself included, are above 0: from both ends of the sorted values. */
function positive(sorted: Float64Array): number {
  let count = 0
  let low = 0
  for (let high = sorted.length - 1; high >= 0; high--) {
    const value = sorted[high] as number
    while (low < sorted.length && (sorted[low] as number) + value <= 0) low++
    if (low > high) break
    count += high - low + 1
  }
  return count
}

/** By number of values: the same few are asked for again and again. */
const LEAST = new Map<number, number>()

function leastRank(n: number): number {
  const known = LEAST.get(n)
  if (known !== undefined) return known
  const cdf = signedRankCdf(n)
  const found = n === 0 ? 0 : rootWhole(-1, (n * (n + 1)) / 2, (w) => cdf(w) > (1 - LEVEL) / 2)
  LEAST.set(n, found)
  return found
}
