import { mean } from './moments.ts'
import type { Random } from './random.ts'

export interface Resampling {
  readonly random: Random
  readonly resamples?: number
  /** What counts as a difference: both directions, or one. */
  readonly tail?: 'both' | 'greater' | 'less'
  /** One label per block; blocks are drawn within their label (cohort, order of arms). */
  readonly strata?: readonly (string | number)[]
}

/** A cell's log-ratio in every block, undefined where the block has none. */
type Cell = readonly (number | undefined)[]

/**
 * Adjusted p-values for cells that share their blocks: the step-down max-T of Westfall and Young (1993), by bootstrap.
 * Whole blocks are drawn again, for all cells at once, so that cells that move together are not paid for one by one. Each
 * mean is studentised in every resample. In the order given; 1 for a cell with fewer than two values. With few blocks, many
 * resamples repeat one and scatter little: below about 20 it is more cautious than Holm unless cells move together.
 */
export function maxT(cells: readonly Cell[], resampling: Resampling): number[] {
  const { random, resamples = 10_000, tail = 'both', strata } = resampling
  const blocks = (cells[0] ?? []).map((_, block) => block)
  const groups = [...Map.groupBy(blocks, (block) => strata?.[block]).values()]
  const once = blocks.map(() => 1)
  const tested = cells.flatMap((cell, index) =>
    cell.filter(known).length < 2
      ? []
      : { index, centred: centre(cell), t: directed(studentised(cell, once), tail), exceeded: 0 },
  )
  tested.sort((a, b) => a.t - b.t)
  for (let resample = 0; resample < resamples; resample++) {
    const times = draw(groups, blocks.length, random)
    let largest = Number.NEGATIVE_INFINITY
    // A cell competes with those below it only: that is the step down.
    for (const cell of tested) {
      largest = Math.max(largest, directed(studentised(cell.centred, times), tail))
      if (!(largest < cell.t)) cell.exceeded++
    }
  }
  const adjusted = cells.map(() => 1)
  let most = 0
  for (const { index, exceeded } of tested.toReversed()) {
    most = Math.max(most, (exceeded + 1) / (resamples + 1))
    adjusted[index] = most
  }
  return adjusted
}

/** How often each block is drawn: as many draws per stratum as it has blocks. */
function draw(strata: readonly (readonly number[])[], blocks: number, random: Random): number[] {
  const times = new Array<number>(blocks).fill(0)
  for (const members of strata) {
    for (let place = 0; place < members.length; place++) {
      const block = members[random.integer(members.length)] ?? 0
      times[block] = (times[block] ?? 0) + 1
    }
  }
  return times
}

/** √n · mean / standard deviation, each value taken so many times. Infinite without scatter, 0 for zeros, NaN below two. */
function studentised(cell: Cell, times: readonly number[]): number {
  let n = 0
  let center = 0
  let squares = 0
  for (let block = 0; block < cell.length; block++) {
    const value = cell[block]
    const weight = times[block] ?? 0
    if (value === undefined || weight === 0) continue
    // Welford's update, of a value that comes several times.
    const gap = value - center
    n += weight
    center += (gap * weight) / n
    squares += weight * gap * (value - center)
  }
  if (n < 2) return Number.NaN
  return center === 0 ? 0 : center / Math.sqrt(squares / (n - 1) / n)
}

function directed(t: number, tail: NonNullable<Resampling['tail']>): number {
  if (tail === 'both') return Math.abs(t)
  return tail === 'greater' ? t : -t
}

function centre(cell: Cell): Cell {
  const center = mean(cell.filter(known))
  return cell.map((value) => (value === undefined ? undefined : value - center))
}

function known(value: number | undefined): value is number {
  return value !== undefined
}
