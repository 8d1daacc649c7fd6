import { MICROS, type Micros, type Seconds } from '../model/units.ts'

/** What counts as stalled: this many times the median. */
export const STALL = 10

/** Requests that may have been stalled, side by side. */
export interface Candidates {
  readonly starts: Micros[]
  readonly latencies: Micros[]
}

/**
 * Moments in which at least half of the connections were waiting for a request that took more than ten times the
 * median: something common to all of them paused. One connection has at most one request under way, so the requests
 * under way at a moment are the connections.
 */
export function pausesOf(
  { starts, latencies }: Candidates,
  median: Micros,
  connections: number,
): { count: number; seconds: Seconds } {
  const stalled = starts.map((_, index) => index).filter((index) => (latencies[index] as Micros) > STALL * median)
  const opening = Float64Array.from(stalled, (index) => starts[index] as Micros).sort()
  const closing = Float64Array.from(stalled, (index) => (starts[index] as Micros) + (latencies[index] as Micros)).sort()
  let opened = 0
  let count = 0
  let since = 0
  let paused: Micros = 0
  for (const [closed, end] of closing.entries()) {
    while (opened < opening.length && (opening[opened] as Micros) < end) {
      opened++
      if (isHalf(opened - closed) && !isHalf(opened - closed - 1)) since = opening[opened - 1] as Micros
    }
    if (isHalf(opened - closed) && !isHalf(opened - closed - 1)) {
      count++
      paused += end - since
    }
  }
  return { count, seconds: paused / MICROS }

  function isHalf(waiting: number): boolean {
    return waiting * 2 >= connections
  }
}
