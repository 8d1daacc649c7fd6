import type { Micros, PerSecond, Seconds } from '../model/units.ts'

/** A rate as tools take it that know whole numbers only: so many requests within a length of time. */
export function arrivals(rate: PerSecond): { count: number; within: Seconds } {
  return Number.isInteger(rate) ? { count: rate, within: 1 } : { count: Math.round(rate * 1000), within: 1000 }
}

/** From one request to the next: what is less than a nanosecond is dropped, as these tools do. */
export function periodOf(rate: PerSecond): Micros {
  const { count, within } = arrivals(rate)
  return Math.floor((within * 1e9) / count) / 1000
}

/** When each request was due, in the order given. */
export interface Due {
  readonly sent: ArrayLike<Micros>
  readonly dropped: ArrayLike<Micros>
}

/**
 * When each request was due, where the requests and the dropped ones together are every tick of a regular clock whose
 * first tick is not known.
 *
 * Nothing is sent or dropped before its tick, and nothing is left out, so the k-th in order of time belongs to tick k, and
 * the clock began no later than the smallest of (time − k · period). It is taken to have begun just then. The error is
 * what the promptest of all requests took from its tick to its send, some ten microseconds of the generator's own: by
 * that much it is later than it seems.
 */
export function dueTimes(sent: readonly Micros[], dropped: readonly Micros[], period: Micros): Due {
  const times = [...sent, ...dropped]
  const order = times.map((_, index) => index).sort((a, b) => (times[a] as Micros) - (times[b] as Micros))
  let begin = Number.POSITIVE_INFINITY
  for (const [tick, index] of order.entries()) begin = Math.min(begin, (times[index] as Micros) - tick * period)
  const due = new Float64Array(times.length)
  for (const [tick, index] of order.entries()) due[index] = begin + tick * period
  return { sent: due.subarray(0, sent.length), dropped: due.subarray(sent.length) }
}

/** Requests or iterations in the schedule, of which there were so many ticks. The tick on the closing snapshot may or may not be sent. */
export function plannedOf(asked: number, ticks: number): number {
  return Math.abs(ticks - asked) <= 1 ? ticks : Math.floor(asked)
}

/** Places that serve one request at a time, of which each request takes the one that is free first. */
export interface Places {
  /** When a place is free, at the earliest. */
  free(): Micros
  /** Takes that place until then. */
  take(until: Micros): void
}

/** So many places, all of them free. They are a binary heap, whose first is the least: thousands cost no more than a few. */
export function places(count: number): Places {
  const heap = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  return {
    free: () => heap[0] as Micros,
    take(until) {
      let at = 0
      for (let child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && (heap[child + 1] as Micros) < (heap[child] as Micros)) child++
        if ((heap[child] as Micros) >= until) break
        heap[at] = heap[child] as Micros
        at = child
      }
      heap[at] = until
    },
  }
}
