import { z } from 'zod'
import { Failure } from '../../model/failure.ts'
import { MICROS, type Micros, parseDuration, type Seconds } from '../../model/units.ts'
import type { Outcome, Outcomes } from '../messages.ts'
import type { FortioResult } from './fortio-result.ts'

/** The requests of a block, side by side. */
export interface Requests {
  readonly count: number
  readonly thread: Uint32Array
  /** Number of the call within its thread, from 0. */
  readonly call: Float64Array
  /** Microseconds since the origin, with nanoseconds as decimals. */
  readonly start: Float64Array
  /** Whole microseconds. */
  readonly latency: Float64Array
  readonly outcome: Outcome[]
}

const [OPEN, CLOSE, COMMA, COLON, DOT, QUOTE, BACKSLASH, NEWLINE, ZERO] = [
  ...new TextEncoder().encode('{},:."\\\n0'),
] as Bytes
const [L, T, I, O, F, D] = [...new TextEncoder().encode('ltiofd')] as Bytes
type Bytes = [number, number, number, number, number, number, number, number, number]

/**
 * A scanner of blocks of whole lines as fortio writes them:
 * `{"latency":0.001317,"timestamp":1795333598363160719,"thread":0,"iter":0,"ok":true,"details":"200"}`.
 * It goes from field to field by their known lengths, looks at three bytes of each name, and makes neither string nor
 * object; a line that looks different is read by JSON.parse. Throws a Failure at what is no such line. The arrays are
 * used again for the next block.
 */
export function accessLogScanner(origin: Instant, outcomes: Outcomes): (block: Uint8Array) => Requests {
  let lines = 0
  let into = requestsOf(0)
  let count = 0

  /** Where the next line begins; -1 where this one looks different. One function, since it is run a million times a second. */
  const usual = (bytes: Uint8Array, from: number): number => {
    if (bytes[from] !== OPEN || bytes[from + 2] !== L || bytes[from + 10] !== COLON) return -1
    const dot = afterDigits(bytes, from + 11)
    const whole = digits(bytes, from + 11, dot)
    const micros = digits(bytes, dot + 1, dot + 7)
    const time = dot + 7
    if (bytes[dot] !== DOT || !isKey(bytes, time, T, 9)) return -1
    const high = digits(bytes, time + 13, time + 18)
    const low = digits(bytes, time + 18, time + 23)
    const nanos = digits(bytes, time + 23, time + 32)
    const id = time + 32
    if (!isKey(bytes, id, T, 6)) return -1
    const iter = afterDigits(bytes, id + 10)
    if (!isKey(bytes, iter, I, 4)) return -1
    const ok = afterDigits(bytes, iter + 8)
    if (!isKey(bytes, ok, O, 2)) return -1
    const isOk = bytes[ok + 6] === T
    const details = ok + (isOk ? 10 : 11)
    if (!isKey(bytes, details, D, 7) || (!isOk && bytes[ok + 6] !== F)) return -1
    const end = afterText(bytes, details + 12)
    if (bytes[end] !== QUOTE || bytes[end + 1] !== CLOSE) return -1
    if (bytes[end + 2] !== NEWLINE && end + 2 < bytes.length) return -1
    const thread = digits(bytes, id + 10, iter)
    const call = digits(bytes, iter + 8, ok)
    if ((whole | micros | high | low | nanos | thread | call) < 0) return -1
    into.thread[count] = thread
    into.call[count] = call
    into.start[count] = (high * 1e5 + low - origin.seconds) * MICROS + (nanos - origin.nanos) / 1000
    into.latency[count] = whole * MICROS + micros
    into.outcome[count++] = outcomes.of(isOk, bytes, details + 12, end)
    return end + 3
  }
  const unusual = (bytes: Uint8Array, from: number): number => {
    const newline = bytes.indexOf(NEWLINE, from)
    const to = newline < 0 ? bytes.length : newline
    const text = new TextDecoder().decode(bytes.subarray(from, to)).trim()
    if (text === '') return to + 1
    const line = parseLine(text, lines)
    into.thread[count] = line.thread
    into.call[count] = line.iter
    into.start[count] = (Number(line.seconds) - origin.seconds) * MICROS + (Number(line.nanos) - origin.nanos) / 1000
    into.latency[count] = Math.round(line.latency * MICROS)
    into.outcome[count++] = outcomes.named(line.ok, line.details)
    return to + 1
  }

  return (block) => {
    // Always the same kind of array, also for a Buffer: code that has met two kinds is slower.
    const bytes = new Uint8Array(block.buffer, block.byteOffset, block.length)
    const most = Math.ceil(bytes.length / SHORTEST)
    if (most > into.thread.length) into = requestsOf(most)
    count = 0
    for (let at = 0; at < bytes.length; ) {
      lines++
      const next = usual(bytes, at)
      at = next < 0 ? unusual(bytes, at) : next
    }
    return { ...into, count }
  }
}

/** No line is shorter: its names, its time and its punctuation alone are longer. */
const SHORTEST = 64

/** Room for so many. */
export function requestsOf(most: number): Requests {
  return {
    count: 0,
    thread: new Uint32Array(most),
    call: new Float64Array(most),
    start: new Float64Array(most),
    latency: new Float64Array(most),
    outcome: [],
  }
}

/** `,"name":`, by its first letter and its length. */
function isKey(bytes: Uint8Array, at: number, letter: number, length: number): boolean {
  return bytes[at] === COMMA && bytes[at + 2] === letter && bytes[at + length + 3] === COLON
}

function afterDigits(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && ((bytes[at] as number) - ZERO) >>> 0 < 10) at++
  return at
}

/** The value of what must be one to nine digits; -1 where it is not. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to > from + 9) return -1
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO
    if (digit >>> 0 > 9) return -1
    value = (value * 10 + digit) | 0
  }
  return value
}

function afterText(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++
  return at
}

const lineSchema = z.object({
  latency: z.number().nonnegative(),
  thread: z.number().int().nonnegative(),
  iter: z.number().int().nonnegative(),
  ok: z.boolean(),
  details: z.string(),
})

/** The time is cut out of the text: as a number it would lose its last digits. */
function parseLine(text: string, number: number) {
  try {
    const [, seconds, nanos] = /"timestamp"\s*:\s*(\d{10})(\d{9})\b/.exec(text) ?? []
    if (seconds === undefined || nanos === undefined) throw new SyntaxError('it has no time in nanoseconds')
    return { ...lineSchema.parse(JSON.parse(asJson(text))), seconds, nanos }
  } catch (error) {
    throw new Failure(
      'load-output',
      `line ${number} of the access log of fortio could not be read: ${text.slice(0, 200)}`,
      {
        cause: error instanceof z.ZodError ? z.prettifyError(error) : error,
        remedy: 'The file is truncated, or two processes wrote it: check whether the disk is full, and measure again.',
      },
    )
  }
}

/** Go quotes some bytes as JSON does not (\x00, \a): such a backslash is kept as a character. */
function asJson(text: string): string {
  return text.replace(/\\(?:["\\/bfnrt]|u[0-9a-f]{4}|)/gi, (pair) => (pair === '\\' ? '\\\\' : pair))
}

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
  return new Failure('load-output', `fortio ran ${said}, not for a duration`, {
    remedy: 'The schedule, and so the response time, is unknown then: run it with -t and without -n.',
  })
}
