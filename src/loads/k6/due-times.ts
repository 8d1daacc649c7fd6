import type { Share } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import type { Micros, PerSecond, Seconds } from '../../model/units.ts'
import { countOf } from '../several/shares.ts'

/** The schedule of one k6: of all ticks of the load every so many-th is its own. */
export interface Pace {
  readonly rate: PerSecond | 'max'
  /** From one of its ticks to the next; 0 in a closed loop. */
  readonly period: Micros
  /** Ticks that the load asks of it, which need not be a whole number. */
  readonly asked: number
  /** Number of its last tick that is due by the end of the window, from 0. */
  readonly last: number
  readonly connections: number
}

/** k6 gives its segments the ticks in turns where each has as many virtual users as the others (execution_segment.go of 1.8). */
export function paceOf({ rate, duration, connections }: Load, share: Share): Pace {
  const own = countOf(connections, share)
  if (rate === 'max') return { rate, period: 0, asked: 0, last: 0, connections: own }
  return {
    rate: rate / share.of,
    period: share.of * periodOf(rate),
    asked: (rate * duration) / share.of,
    last: Math.floor((rate * duration - share.index) / share.of),
    connections: own,
  }
}

/** A rate as k6 takes it: a whole number of iterations within a length of time. */
export function arrivals(rate: PerSecond): { count: number; within: Seconds } {
  return Number.isInteger(rate) ? { count: rate, within: 1 } : { count: Math.round(rate * 1000), within: 1000 }
}

/** From one iteration to the next, in microseconds: k6 drops what is less than a nanosecond. */
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
