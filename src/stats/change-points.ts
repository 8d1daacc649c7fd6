import type { Random } from './random.ts'

export interface ChangePoint {
  /** Of the first value after the change. */
  readonly index: number
  /** Divergence of the values before and after it. */
  readonly divergence: number
  readonly p: number
}

export interface Search {
  readonly random: Random
  /** Chance, in each step, of a change where there is none. */
  readonly alpha?: number
  readonly permutations?: number
  /** Fewest values between changes. */
  readonly minimum?: number
}

/**
 * Change points by E-divisive (Matteson and James, 2014): the split that makes the energy distance of both sides largest
 * is kept if few permutations within the segments found so far do as well; then again. Assumes independent values:
 * drift and autocorrelation look like changes, so this dates a change and never judges a night.
 */
export function changePoints(series: readonly number[], search: Search): ChangePoint[] {
  const { random, alpha = 0.01, permutations = 499, minimum = 3 } = search
  const found: ChangePoint[] = []
  for (;;) {
    const segments = cut(series, found)
    const best = bestSplit(segments, minimum)
    if (!best) return found
    const allowed = Math.floor(alpha * (permutations + 1)) - 1
    const shuffled = () => bestSplit(segments.map(random.shuffle), minimum)?.divergence ?? 0
    const asGood = countUpTo(allowed + 1, permutations, () => shuffled() >= best.divergence)
    if (asGood > allowed) return found
    found.push({ ...best, p: (asGood + 1) / (permutations + 1) })
    found.sort((a, b) => a.index - b.index)
  }
}

function cut(series: readonly number[], found: readonly ChangePoint[]): (readonly number[])[] {
  const edges = [0, ...found.map(({ index }) => index), series.length]
  return edges.slice(1).map((end, index) => series.slice(edges[index], end))
}

/** How often something happens in `times` tries, which end once it has happened `enough` times. */
function countUpTo(enough: number, times: number, happens: () => boolean): number {
  let count = 0
  for (let time = 0; time < times && count < enough; time++) if (happens()) count++
  return count
}

type Split = Omit<ChangePoint, 'p'>

function bestSplit(segments: readonly (readonly number[])[], minimum: number): Split | undefined {
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
