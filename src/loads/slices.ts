import type { PerSecond, Seconds } from '../model/units.ts'

/**
 * The p99 of fewer answers is the slowest of them. Slices are as short as that allows: with stalls of 60–180 ms every 5 s, the
 * median over slices of 1 s scatters by 9 % and over slices of 3 s by 40 %, since then most slices hold a stall (simulated).
 */
const SLICE_ANSWERS = 100

/** Length of a slice: whole seconds in which a load sends at least 100 requests; a closed loop, whose rate is not known before, has slices of a second. */
export function sliceSeconds(rate: PerSecond | 'max'): Seconds {
  return rate === 'max' ? 1 : Math.max(1, Math.ceil(SLICE_ANSWERS / rate))
}
