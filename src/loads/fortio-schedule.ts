import { Failure } from '../model/failure.ts'
import { MICROS, type Micros, parseDuration, type Seconds } from '../model/units.ts'
import type { FortioResult } from './fortio-result.ts'

/** When fortio meant to send what: of fortio's periodic.go, from 1.26 on. */
export interface Schedule {
  readonly threads: number
  readonly duration: Seconds
  /** Requests that it asked for; undefined in a closed loop. */
  readonly planned?: number
  /** Microseconds from one request of a thread to its next, and from the start to each thread's first. */
  readonly stride: Micros
  readonly offsets: readonly Micros[]
}

/**
 * Every thread makes the same whole number n of calls; what the rate asks for beyond n · threads is left out. Call i is
 * due at i · n/(n−1) intervals: stretched, so that the last falls on the end. -uniform shifts thread t by t/threads of
 * an interval.
 */
export function fortioSchedule(result: FortioResult): Schedule {
  const threads = result.NumThreads
  const duration = parseDuration(result.RequestedDuration)
  if (duration === undefined) throw unknownLength(result.RequestedDuration)
  const rate = result.RequestedQPS === 'max' ? undefined : Number(result.RequestedQPS)
  if (rate === undefined) return { threads, duration, stride: 0, offsets: [] }
  const calls = Math.floor(Math.floor(rate * duration) / threads)
  const interval = (threads / rate) * MICROS
  return {
    threads,
    duration,
    planned: threads * calls,
    stride: interval * (calls > 1 ? calls / (calls - 1) : 1),
    offsets: Array.from({ length: threads }, (_, thread) => (result.Uniform ? (interval * thread) / threads : 0)),
  }
}

/** A point in time as two whole numbers, since nanoseconds since the epoch do not fit into one. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

/** RFC 3339 with all its decimals, of which Date keeps three. Undefined when it is none. */
export function parseInstant(text: string): Instant | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const seconds = found ? Date.parse(`${found[1]}${found[3]}`) / 1000 : Number.NaN
  if (Number.isNaN(seconds)) return undefined
  return { seconds, nanos: Number((found?.[2] ?? '').padEnd(9, '0')) }
}

function unknownLength(said: string): Failure {
  return new Failure('load-output', `fortio was asked to run ${said}, and not for a length of time`, {
    fix: 'Its schedule is then not known, and so no response time: run it with -t, and without -n.',
  })
}
