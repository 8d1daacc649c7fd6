import type { Micros } from '../model/units.ts'

/*
 * The slots of an HdrHistogram with three significant digits and a lowest value of 1: 2048 slots of width 1, then 1024
 * slots for every doubling, so a slot is never wider than a thousandth of what it holds.
 */

/** One hour: far beyond every time-out, and below 2³², to which the arithmetic below holds. */
export const HIGHEST: Micros = 3600e6

/** Slot of a whole number of microseconds in 0 … HIGHEST. */
export function slotOf(micros: Micros): number {
  if (micros < 2048) return micros
  const shift = 21 - Math.clz32(micros)
  return (shift << 10) + (micros >>> shift)
}

/** Smallest value of a slot. */
export function lowestIn(slot: number): Micros {
  if (slot < 2048) return slot
  const shift = (slot >> 10) - 1
  return (slot - (shift << 10)) * 2 ** shift
}

/** How many values share a slot. */
export function widthOf(slot: number): Micros {
  return slot < 2048 ? 1 : 2 ** ((slot >> 10) - 1)
}

/** The occupied slots of a histogram in ascending order, side by side. */
export interface Cumulative {
  readonly count: number
  /** Every sample taken as the middle of its slot. */
  readonly mean: Micros
  readonly lowest: readonly Micros[]
  readonly highest: readonly Micros[]
  readonly counts: readonly number[]
  /** Samples in this slot and all below. */
  readonly upTo: readonly number[]
}

/** Which end of a slot. */
export type Edge = 'lowest' | 'highest'

export function cumulate(slots: Float64Array): Cumulative {
  const lowest: Micros[] = []
  const highest: Micros[] = []
  const counts: number[] = []
  const upTo: number[] = []
  let count = 0
  let sum = 0
  for (let slot = 0; slot < slots.length; slot++) {
    const inside = slots[slot] as number
    if (inside === 0) continue
    const from = lowestIn(slot)
    const to = from + widthOf(slot) - 1
    count += inside
    sum += inside * ((from + to) / 2)
    lowest.push(from)
    highest.push(to)
    counts.push(inside)
    upTo.push(count)
  }
  return { count, mean: sum / count, lowest, highest, counts, upTo }
}

/** The edge of the slot that holds the sample of a rank. */
export function valueAtRank({ upTo, lowest, highest }: Cumulative, rank: number, edge: Edge): Micros {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((upTo[middle] as number) >= rank) high = middle
    else low = middle + 1
  }
  return (edge === 'lowest' ? lowest[low] : highest[low]) ?? Number.NaN
}

/** Rank of a quantile, from 1. A product that is whole but for the error of its last digits is taken as whole. */
export function rankOf(q: number, count: number): number {
  const exact = q * count
  return Math.ceil(exact - exact * 2 ** -50)
}
