import { medianSorted } from 'simple-statistics'
import type { Estimate } from '../model/analysis.ts'
import { LEVEL } from '../model/confidence.ts'
import { normalCdf } from './distributions.ts'

import { rootWhole } from './root.ts'

/** Ranks of values among each other, times two, so that the mean rank of tied values is whole; and the sizes of ties. */
export function doubledRanks(values: readonly number[]): { ranks: number[]; ties: number[] } {
  const order = [...values.entries()].toSorted(([, a], [, b]) => a - b)
  const ranks = new Array<number>(values.length)
  const ties: number[] = []
  for (let first = 0; first < order.length; ) {
    let after = first + 1
    while (after < order.length && order[after]?.[1] === order[first]?.[1]) after++
    for (const [index] of order.slice(first, after)) ranks[index] = first + after + 1
    ties.push(after - first)
    first = after
  }
  return { ranks, ties }
}

/** Σ (t³ − t) over the sizes of ties: what ties take from the variance of a rank sum. */
export function tieCorrection(ties: readonly number[]): number {
  return ties.reduce((sum, size) => sum + size ** 3 - size, 0)
}

/** What a rank test says. `greater`: the chance, without an effect, of a statistic at least as large; `less`: as small. */
export interface RankTest {
  readonly statistic: number
  readonly method: 'exact' | 'asymptotic'
  readonly greater: number
  readonly less: number
  readonly twoSided: number
}

/** P-values of a statistic from its exact chances: `chances[s]` belongs to the value s. */
export function exactPValues(chances: ArrayLike<number>, observed: number, mean: number) {
  const sum = { greater: 0, less: 0, twoSided: 0 }
  for (let value = 0; value < chances.length; value++) {
    const chance = chances[value] ?? 0
    if (value >= observed) sum.greater += chance
    if (value <= observed) sum.less += chance
    if (Math.abs(value - mean) >= Math.abs(observed - mean)) sum.twoSided += chance
  }
  return { greater: Math.min(1, sum.greater), less: Math.min(1, sum.less), twoSided: Math.min(1, sum.twoSided) }
}

/** The same by the normal distribution, with a continuity correction of half a step. */
export function asymptoticPValues(observed: number, mean: number, deviation: number) {
  if (deviation === 0) return { greater: 1, less: 1, twoSided: 1 }
  const gap = observed - mean
  const greater = normalCdf((0.5 - gap) / deviation)
  const less = normalCdf((0.5 + gap) / deviation)
  return { greater, less, twoSided: Math.min(1, 2 * Math.min(greater, less)) }
}

/** Pairs above which the normal approximation, good to four digits there, stands in for counting. */
const EXACT_PRODUCT = 900

/**
 * The test of Mann and Whitney for two samples without pairs. The statistic U counts the pairs in which x is larger, ties
 * half. P-values are exact for the ranks as they are, ties included: every choice of ranks for x is equally likely.
 * Two-sided: all U that are as far from their mean as the one observed.
 */
export function mannWhitney(x: readonly number[], y: readonly number[], method = methodFor(x, y)): RankTest {
  const { ranks, ties } = doubledRanks([...x, ...y])
  const [n, m] = [x.length, y.length]
  const least = n * (n + 1)
  const doubled = ranks.slice(0, n).reduce((sum, rank) => sum + rank, 0) - least
  const statistic = doubled / 2
  if (method === 'exact') {
    return { statistic, method, ...exactPValues(probabilitiesOfSums(ranks, n).subarray(least), doubled, n * m) }
  }
  const size = n + m
  const variance = ((n * m) / 12) * (size + 1 - tieCorrection(ties) / (size * (size - 1)))
  return { statistic, method, ...asymptoticPValues(statistic, (n * m) / 2, Math.sqrt(variance)) }
}

/** P(U ≤ u) for samples of n and m values without ties. */
export function mannWhitneyCdf(n: number, m: number): (u: number) => number {
  if (n * m > EXACT_PRODUCT) {
    const deviation = Math.sqrt((n * m * (n + m + 1)) / 12)
    return (u) => normalCdf((u + 0.5 - (n * m) / 2) / deviation)
  }
  const ranks = Array.from({ length: n + m }, (_, index) => index + 1)
  let sum = 0
  const cumulative = Array.from(probabilitiesOfSums(ranks, n).subarray((n * (n + 1)) / 2), (chance) => {
    sum += chance
    return sum
  })
  return (u) => (u < 0 ? 0 : (cumulative[Math.floor(u)] ?? 1))
}

function methodFor(x: readonly number[], y: readonly number[]): RankTest['method'] {
  return x.length * y.length <= EXACT_PRODUCT ? 'exact' : 'asymptotic'
}

/** Probabilities of the sum of `size` of the whole numbers, every choice being equally likely. */
function probabilitiesOfSums(numbers: readonly number[], size: number): Float64Array {
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

/** Above it the normal approximation is good to four digits. */
export const EXACT_PAIRS = 100

/** P(W ≤ w) of the signed-rank statistic of n values without ties: the sum of the ranks of the positive ones. */
export function signedRankCdf(n: number): (w: number) => number {
  if (n > EXACT_PAIRS) {
    const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24)
    return (w) => normalCdf((w + 0.5 - (n * (n + 1)) / 4) / deviation)
  }
  const chances = probabilitiesOfSignedSums(Array.from({ length: n }, (_, index) => index + 1))
  let sum = 0
  const cumulative = Array.from(chances, (chance) => {
    sum += chance
    return sum
  })
  return (w) => (w < 0 ? 0 : (cumulative[Math.floor(w)] ?? 1))
}

/** Probabilities of the sums of subsets, each whole number being in or out by the toss of a coin. */
export function probabilitiesOfSignedSums(numbers: readonly number[]): Float64Array {
  const chances = new Float64Array(numbers.reduce((sum, number) => sum + number, 0) + 1)
  chances[0] = 1
  for (const number of numbers) {
    for (let sum = chances.length - 1; sum >= 0; sum--) {
      const without = chances[sum] ?? 0
      chances[sum] = sum < number ? without / 2 : (without + (chances[sum - number] ?? 0)) / 2
    }
  }
  return chances
}

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

/** P(X > Y) + ½ P(X = Y) (Vargha and Delaney's A12, 2000): the chance that a value of x is larger than one of y. */
export function dominance(x: readonly number[], y: readonly number[]): number {
  let wins = 0
  for (const one of x) for (const other of y) wins += one > other ? 1 : one === other ? 0.5 : 0
  return wins / (x.length * y.length)
}

/** P(X > Y) − P(X < Y), from −1 to 1 (N. Cliff, 1993). */
export function cliffsDelta(x: readonly number[], y: readonly number[]): number {
  return 2 * dominance(x, y) - 1
}
