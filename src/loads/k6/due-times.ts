import type { Micros } from '../../model/units.ts'

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
