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
