import type { Random } from './random.ts'

/** Adjusted p-values that keep the chance of any false claim in the family (S. Holm, 1979), in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.entries()].toSorted(([, a], [, b]) => a - b)
  const adjusted = [...pValues]
  let largest = 0
  for (const [place, [index, p]] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - place) * p))
    adjusted[index] = largest
  }
  return adjusted
}

/**
 * Adjusted p-values (q-values) that keep the share of false claims among the claims (Benjamini and Hochberg, 1995), in
 * the order given; for independent or positively dependent p-values.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = [...pValues.entries()].toSorted(([, a], [, b]) => b - a)
  const adjusted = [...pValues]
  let smallest = 1
  for (const [place, [index, p]] of order.entries()) {
    smallest = Math.min(smallest, (pValues.length * p) / (pValues.length - place))
    adjusted[index] = smallest
  }
  return adjusted
}

interface Resampling {
  readonly random: Random
  readonly resamples?: number
  /** What counts as a difference: both directions, or one. */
  readonly tail?: 'both' | 'greater' | 'less'
}

/** A cell's log-ratio in every block, undefined where the block has none. */
type Cell = readonly (number | undefined)[]

/**
 * Adjusted p-values for cells that share their blocks: the step-down max-T of Westfall and Young (1993). Where nothing
 * differs, the two arms of a block could as well have been each other, so whole blocks change their sign at random, for all
 * cells at once (a wild bootstrap of blocks): cells that move together are not paid for one by one. All signs where there
 * are no more than `resamples` of them, which makes it exact; else so many. In the order given; 1 for a cell with fewer than
 * two values.
 *
 * Blocks are not drawn with replacement: of twenty, a resample repeats so many that its t scatters far more than that of a
 * real night, and a family of 36 cells would find less than by Holm (`npm run prove`).
 */
export function maxT(cells: readonly Cell[], { random, resamples = 10_000, tail = 'both' }: Resampling): number[] {
  const size = cells[0]?.length ?? 0
  const still = new Array<number>(size).fill(1)
  const tested = cells.flatMap((cell, index) => {
    const values = cell.map((value) => value ?? 0)
    const n = cell.filter((value) => value !== undefined).length
    const squares = values.reduce((sum, value) => sum + value * value, 0)
    const strength = (signs: readonly number[]) => directed(strengthOf(values, signs, squares, n), tail)
    return n < 2 ? [] : { index, strength, own: strength(still), exceeded: 0 }
  })
  tested.sort((a, b) => a.own - b.own)
  const isExact = 2 ** size <= resamples
  const times = isExact ? 2 ** size : resamples
  for (let time = 0; time < times; time++) {
    const signs = still.map((_, block) => (isExact ? (time >> block) & 1 : random.integer(2)) * 2 - 1)
    let largest = Number.NEGATIVE_INFINITY
    // A cell competes with those below it only: that is the step down.
    for (const cell of tested) {
      largest = Math.max(largest, cell.strength(signs))
      if (largest >= cell.own - ALIKE * Math.abs(cell.own)) cell.exceeded++
    }
  }
  const adjusted = cells.map(() => 1)
  let most = 0
  for (const { index, exceeded } of tested.toReversed()) {
    // What was measured is one of all signs already; of some, it is one more.
    most = Math.max(most, isExact ? exceeded / times : (exceeded + 1) / (times + 1))
    adjusted[index] = most
  }
  return adjusted
}

/** What sums in another order may differ by. */
const ALIKE = 1e-12

/**
 * How unlikely a t is, on the scale of the normal distribution, so that cells of fewer blocks do not outshine others by
 * their heavier tails: √(ν ln(1 + t²/ν)) (8ν + 1) / (8ν + 3) (D. L. Wallace, 1959), where 1 + t²/ν is 1/(1 − cos²) of the
 * angle between values and signs. Signs leave the sum of squares as it is. Zeros have 0; without scatter it is large.
 */
function strengthOf(values: readonly number[], signs: readonly number[], squares: number, n: number): number {
  let sum = 0
  for (let block = 0; block < values.length; block++) sum += (signs[block] ?? 0) * (values[block] ?? 0)
  if (sum === 0) return 0
  const freedom = n - 1
  const rest = Math.max(1 - (sum * sum) / (n * squares), ALIKE)
  return (Math.sign(sum) * Math.sqrt(-freedom * Math.log(rest)) * (8 * freedom + 1)) / (8 * freedom + 3)
}

function directed(strength: number, tail: NonNullable<Resampling['tail']>): number {
  if (tail === 'both') return Math.abs(strength)
  return tail === 'greater' ? strength : -strength
}
