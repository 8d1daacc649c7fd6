import type { Estimate } from '../model/analysis.ts'
import { type CohortSpread, halfWidth } from './intervals.ts'
import { mean } from './moments.ts'
import type { Random } from './random.ts'

/** Where a series settles. */
interface Settling {
  /** Values that belong to the warm-up: a multiple of the batch. */
  readonly truncate: number
  /** False where the best cut is the latest one allowed, half of the series: it may not have settled at all. */
  readonly steady: boolean
}

/**
 * MSER-5 (K. P. White, 1997): means of batches of five; the cut d, at most half of them, that makes
 * Σ (mean of batch − mean after d)² / (n − d)² smallest; of equals the earliest. A last batch that is not full is left out.
 */
export function mser(values: readonly number[], batch = 5): Settling {
  const n = Math.floor(values.length / batch)
  const means = Array.from({ length: n }, (_, index) => mean(values.slice(index * batch, (index + 1) * batch)))
  const latest = Math.floor(n / 2)
  let best = { cut: 0, error: Number.POSITIVE_INFINITY }
  let center = 0
  let squares = 0
  // From the end on, by Welford's update: no difference of large sums.
  for (let cut = n - 1; cut >= 0; cut--) {
    const gap = (means[cut] ?? 0) - center
    center += gap / (n - cut)
    squares += gap * ((means[cut] ?? 0) - center)
    const error = squares / (n - cut) ** 2
    if (cut <= latest && error <= best.error) best = { cut, error }
  }
  return { truncate: best.cut * batch, steady: best.cut < latest }
}

export interface ChangePoint {
  /** Of the first value after the change. */
  readonly index: number
  /** Divergence of the values before and after it. */
  readonly divergence: number
  /** The larger one of the chances by permutation and by `confirm`. */
  readonly p: number
}

interface Search {
  readonly random: Random
  /** Chance, in each step, of a change where there is none. */
  readonly alpha?: number
  readonly permutations?: number
  /** Fewest values between changes. */
  readonly minimum?: number
  /** A second p-value that a split of the segments found so far must have below alpha. */
  readonly confirm?: (segments: readonly (readonly number[])[], split: Split) => number
}

/**
 * Change points by E-divisive (Matteson and James, 2014): the split that makes the energy distance of both sides largest
 * is kept if few permutations within the segments found so far do as well; then again. Permutations assume independent
 * values: drift and autocorrelation look like changes to them, unless `confirm` knows better.
 */
export function changePoints(series: readonly number[], search: Search): ChangePoint[] {
  const { random, alpha = 0.01, permutations = 499, minimum = MINIMUM, confirm } = search
  const found: ChangePoint[] = []
  for (;;) {
    const segments = cut(series, found)
    const best = bestSplit(segments, minimum)
    if (!best) return found
    const allowed = Math.floor(alpha * (permutations + 1)) - 1
    const shuffled = () => bestSplit(segments.map(random.shuffle), minimum)?.divergence ?? 0
    const asGood = countUpTo(allowed + 1, permutations, () => shuffled() >= best.divergence)
    if (asGood > allowed) return found
    const other = confirm?.(segments, best) ?? 0
    if (other > alpha) return found
    found.push({ ...best, p: Math.max((asGood + 1) / (permutations + 1), other) })
    found.sort((a, b) => a.index - b.index)
  }
}

/** The segments between changes. */
export function cut(series: readonly number[], found: readonly Pick<ChangePoint, 'index'>[]): (readonly number[])[] {
  const edges = [0, ...found.map(({ index }) => index), series.length]
  return edges.slice(1).map((end, index) => series.slice(edges[index], end))
}

/** How often something happens in `times` tries, which end once it has happened `enough` times. */
function countUpTo(enough: number, times: number, happens: () => boolean): number {
  let count = 0
  for (let time = 0; time < times && count < enough; time++) if (happens()) count++
  return count
}

/** A change that is not tested yet. */
export type Split = Omit<ChangePoint, 'p'>

/** Fewest values between changes, unless a search asks for others. */
const MINIMUM = 3

/** The split of any segment that makes the energy distance of its sides largest. `index`: over all segments. */
export function bestSplit(segments: readonly (readonly number[])[], minimum = MINIMUM): Split | undefined {
  let best: Split | undefined
  let start = 0
  for (const segment of segments) {
    const split = splitOf(segment, minimum)
    if (split && split.divergence > (best?.divergence ?? 0)) best = { ...split, index: start + split.index }
    start += segment.length
  }
  return best
}

/**
 * The largest over a < b of 2/(n + m) · Σ|x − y| − 2m/((n + m)(n − 1)) · Σ|x − x′| − 2n/((n + m)(m − 1)) · Σ|y − y′|, where
 * x are the n values before a, y the m values from a to b, and each pair is counted once.
 */
function splitOf(values: readonly number[], minimum: number): Split | undefined {
  const sums = distanceSums(values)
  const upTo = (index: number, end: number) => sums[index]?.[end] ?? 0
  let best: Split | undefined
  let left = 0
  for (let n = 1; n <= values.length - minimum; n++) {
    left += upTo(n - 1, n - 1)
    if (n < minimum) continue
    let across = 0
    let right = 0
    for (let end = n + 1; end <= values.length; end++) {
      const m = end - n
      across += upTo(end - 1, n)
      right += upTo(end - 1, end - 1) - upTo(end - 1, n)
      if (m < minimum) continue
      const within = (m * left) / Math.max(1, n - 1) + (n * right) / Math.max(1, m - 1)
      const divergence = (2 / (n + m)) * (across - within)
      if (divergence > (best?.divergence ?? 0)) best = { index: n, divergence }
    }
  }
  return best
}

/** sums[j][i]: of the distances of value j to the first i values, for i up to j. */
function distanceSums(values: readonly number[]): Float64Array[] {
  return values.map((value, index) => {
    const sums = new Float64Array(index + 1)
    for (let other = 0; other < index; other++) {
      sums[other + 1] = (sums[other] ?? 0) + Math.abs(value - (values[other] ?? 0))
    }
    return sums
  })
}

export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The slope that groups of different levels have in common, by least squares with one intercept per group, with its 95 %
 * interval: points are taken relative to the means of their group, and each group costs a degree of freedom.
 * Absent where fewer than two degrees of freedom are left or x does not vary within any group.
 */
export function pooledSlope(groups: readonly (readonly Point[])[]): Estimate | undefined {
  const filled = groups.filter((group) => group.length > 1)
  const points = filled.flatMap(centred)
  const freedom = points.length - filled.length - 1
  const xx = sum(points, ({ x }) => x * x)
  if (freedom < 2 || xx === 0) return undefined
  const center = sum(points, ({ x, y }) => x * y) / xx
  const residual = sum(points, ({ x, y }) => (y - center * x) ** 2)
  const half = halfWidth(freedom) * Math.sqrt(residual / freedom / xx)
  return { center, lo: center - half, hi: center + half, n: points.length }
}

function centred(group: readonly Point[]): Point[] {
  const x0 = sum(group, ({ x }) => x) / group.length
  const y0 = sum(group, ({ y }) => y) / group.length
  return group.map(({ x, y }) => ({ x: x - x0, y: y - y0 }))
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}

/**
 * How far values scatter about a level that may step or creep: from the squares of successive differences (von Neumann
 * and others, 1941), which a step enters once. Degrees of freedom by the variance of that estimate for a level that
 * stays, 2(n − 1)² / (3n − 4), rounded down. Absent below two values.
 */
export function successiveSpread(values: readonly number[]): CohortSpread | undefined {
  const n = values.length
  if (n < 2) return undefined
  const squares = values.slice(1).reduce((sum, value, index) => sum + (value - (values[index] ?? value)) ** 2, 0)
  return {
    deviation: Math.sqrt(squares / (2 * (n - 1))),
    freedom: Math.floor((2 * (n - 1) ** 2) / (3 * n - 4) + 1e-9),
  }
}

/** What several sources know of the same scatter, each by its degrees of freedom. */
export function pooledSpread(spreads: readonly CohortSpread[]): CohortSpread | undefined {
  const freedom = spreads.reduce((sum, one) => sum + one.freedom, 0)
  if (freedom === 0) return undefined
  const squares = spreads.reduce((sum, one) => sum + one.freedom * one.deviation ** 2, 0)
  return { deviation: Math.sqrt(squares / freedom), freedom }
}
