import type { Bytes } from '../model/units.ts'

/**
 * US dollars for each hour: the list price of a general-purpose machine in a public cloud, on demand (Google Cloud N2 in
 * us-central1). They turn CPU and memory into one figure that arms can be ranked by; with a contract or on machines of
 * one's own it is another figure, and may be another order.
 */
export const PRICES = {
  vcpuHour: 0.031611,
  gibHour: 0.004237,
} as const

/** A year has 8,760 hours; clouds bill by this month. */
export const HOURS_PER_MONTH = 730

/** What the bill is for, in requests per second. */
export const BILLED_RATE = 1000

const MILLION = 1e6
const GIB = 1024 ** 3

/** What a million requests take in CPU-seconds, and what is held in memory all the time. */
export interface Resources {
  readonly cpuPerMillion: number
  readonly memoryBytes: Bytes
}

/**
 * Dollars a month at 1,000 requests/s. CPU grows with the rate and is scaled to it: so many cores are busy on average.
 * Memory does not and is taken as it was measured. Neither has the head-room that a real deployment keeps.
 */
export function dollarsPerMonth({ cpuPerMillion, memoryBytes }: Resources): number {
  const cores = (cpuPerMillion * BILLED_RATE) / MILLION
  return HOURS_PER_MONTH * (cores * PRICES.vcpuHour + (memoryBytes / GIB) * PRICES.gibHour)
}
