import { normalCdf } from './normal.ts'
import { asymptoticPValues, exactPValues, type RankTest } from './rank-test.ts'
import { doubledRanks, tieCorrection } from './ranks.ts'

/** Pairs above which the normal approximation, good to four digits there, stands in for counting. */
const EXACT = 900

/**
 * The test of Mann and Whitney for two samples without pairs. The statistic U counts the pairs in which x is larger, ties
 * half. Chances are exact for the ranks as they are, ties included: every choice of ranks for x is equally likely.
 * Two-sided: all U that are as far from their mean as the one observed.
 */
export function mannWhitney(x: readonly number[], y: readonly number[], method = methodFor(x, y)): RankTest {
  const { ranks, ties } = doubledRanks([...x, ...y])
  const [n, m] = [x.length, y.length]
  const least = n * (n + 1)
  const doubled = ranks.slice(0, n).reduce((sum, rank) => sum + rank, 0) - least
  const statistic = doubled / 2
  if (method === 'exact') {
    return { statistic, method, ...exactPValues(chancesOfSums(ranks, n).subarray(least), doubled, n * m) }
  }
  const size = n + m
  const variance = ((n * m) / 12) * (size + 1 - tieCorrection(ties) / (size * (size - 1)))
  return { statistic, method, ...asymptoticPValues(statistic, (n * m) / 2, Math.sqrt(variance)) }
}

/** P(U ≤ u) for samples of n and m values without ties. */
export function mannWhitneyCdf(n: number, m: number): (u: number) => number {
  if (n * m > EXACT) {
    const deviation = Math.sqrt((n * m * (n + m + 1)) / 12)
    return (u) => normalCdf((u + 0.5 - (n * m) / 2) / deviation)
  }
  const ranks = Array.from({ length: n + m }, (_, index) => index + 1)
  let sum = 0
  const cumulative = Array.from(chancesOfSums(ranks, n).subarray((n * (n + 1)) / 2), (chance) => {
    sum += chance
    return sum
  })
  return (u) => (u < 0 ? 0 : (cumulative[Math.floor(u)] ?? 1))
}

function methodFor(x: readonly number[], y: readonly number[]): RankTest['method'] {
  return x.length * y.length <= EXACT ? 'exact' : 'asymptotic'
}

/** Chances of the sum of `size` of the whole numbers, every choice being equally likely. */
function chancesOfSums(numbers: readonly number[], size: number): Float64Array {
  const largest = numbers.toSorted((a, b) => b - a).slice(0, size)
  const width = largest.reduce((sum, number) => sum + number, 0) + 1
  // ways[k][s]: in how many ways k of the numbers seen so far sum up to s.
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(width))
  if (ways[0]) ways[0][0] = 1
  for (const number of numbers) {
    for (let k = size; k >= 1; k--) addShifted(ways[k] as Float64Array, ways[k - 1] as Float64Array, number)
  }
  const last = ways[size] as Float64Array
  const total = last.reduce((sum, count) => sum + count, 0)
  return last.map((count) => count / total)
}

function addShifted(to: Float64Array, from: Float64Array, by: number): void {
  for (let sum = by; sum < to.length; sum++) to[sum] = (to[sum] ?? 0) + (from[sum - by] ?? 0)
}
