/** A stall as the fluid of a queue: what response times must come out when a server does nothing for a while. */
export interface Stall {
  readonly rate: number
  /** Length of the run, in seconds. */
  readonly duration: number
  /** Length of the stall, in seconds. */
  readonly lasts: number
  /** Requests per second that were answered while the backlog was worked off. */
  readonly drain: number
  /** Response time of an undisturbed request, in seconds. */
  readonly usual: number
}

/**
 * The q-quantile of response times, by playing every request through one queue: planned every 1/rate, answered in
 * order, nothing during the stall, then at `drain` per second until the backlog is gone. Nearest rank.
 */
export function expectedQuantile(q: number, { rate, duration, lasts, drain, usual }: Stall): number {
  const opens = duration / 3
  const responses: number[] = []
  let free = 0
  for (let request = 0; request < rate * duration; request++) {
    const planned = request / rate
    const start = Math.max(planned, free)
    const stalled = start >= opens && start < opens + lasts
    const begun = stalled ? opens + lasts : start
    const backlog = begun > planned
    free = backlog ? begun + 1 / drain : begun
    responses.push(Math.max(usual, free - planned))
  }
  responses.sort((a, b) => a - b)
  return responses[Math.ceil(q * responses.length) - 1] as number
}

interface Line {
  readonly timestamp: number
  readonly latency: number
}

/** How fast the backlog went: requests that ended between the server's waking and the first second of quiet, per second. */
export function measuredDrain(log: string, woke: number, rate: number): number {
  const ends = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .map(({ timestamp, latency }) => timestamp / 1e9 + latency)
    .filter((end) => end >= woke)
    .sort((a, b) => a - b)
  // The backlog is gone when answers come no faster than requests are planned.
  const window = 20
  for (let index = window; index < ends.length; index++) {
    const span = (ends[index] as number) - (ends[index - window] as number)
    if (window / span < 1.5 * rate) return (index - window) / ((ends[index - window] as number) - woke)
  }
  throw new Error('the backlog was never worked off')
}
