import { Failure } from '../../model/failure.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { type Outcome, type Outcomes, outcomeRegistry } from '../messages.ts'

/**
 * What vegeta's binary output holds, one entry per request, side by side and in the order in which they were sent; times in
 * microseconds since `origin`.
 */
export interface VegetaResults {
  /** Whole seconds since the epoch. */
  readonly origin: Seconds
  readonly starts: readonly Micros[]
  readonly services: readonly Micros[]
  readonly outcomes: readonly Outcome[]
  readonly all: Outcomes['all']
  readonly timeouts: number
  /** Bytes of answers, where all of them told their length: head and body. */
  readonly received?: { readonly sum: number; readonly min: number; readonly max: number; readonly mean: number }
}

/**
 * Reads the results as vegeta writes them while it runs: a stream of Go's encoding/gob (its package documentation is the
 * specification), of which each message has its length before it. The first ones describe the type, and the names of its fields
 * are checked; each further one is a request. vegeta's own `encode` would need another process where the load generator runs.
 * Throws a Failure where it is no such stream, is cut off, or lacks a request. `expectedStatus`: any from 200 to 299 when absent.
 */
export async function vegetaResults(
  chunks: AsyncIterable<Uint8Array>,
  about: { readonly expectedStatus?: number | undefined; readonly timeout: Seconds },
): Promise<VegetaResults> {
  const outcomes = outcomeRegistry()
  const columns = { starts: [] as Micros[], services: [] as Micros[], outcomes: [] as Outcome[] }
  const received = { count: 0, answers: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 }
  let [origin, count, timeouts, isDescribed] = [Number.NaN, 0, 0, false] as [number, number, number, boolean]
  for await (const message of messagesOf(chunks)) {
    const cursor = new Cursor(message)
    if (cursor.int() < 0) {
      if (!isDescribed) checkFields(message)
      isDescribed = true
      continue
    }
    const { seq, code, at, nanos, latency, error, answer } = resultOf(cursor)
    if (Number.isNaN(origin)) origin = at
    const expected = about.expectedStatus === undefined ? code >= 200 && code < 300 : code === about.expectedStatus
    const outcome = outcomes.named(expected, code > 0 ? `${code}` : error)
    outcome.count++
    if (columns.starts[seq] !== undefined) throw incomplete(`request ${seq} is there twice`)
    columns.starts[seq] = (at - origin) * MICROS + nanos / 1000
    columns.services[seq] = latency / 1000
    columns.outcomes[seq] = outcome
    count++
    if (code === 0 && latency > 0.95e9 * about.timeout) timeouts++
    if (code > 0) received.answers++
    if (answer === undefined) continue
    received.count++
    received.sum += answer
    received.min = Math.min(received.min, answer)
    received.max = Math.max(received.max, answer)
  }
  if (columns.starts.length !== count) {
    throw incomplete(`it has ${count} requests, and the last of them is number ${columns.starts.length}`)
  }
  const { sum, min, max, answers } = received
  const isSized = answers > 0 && received.count === answers
  return {
    ...columns,
    origin,
    all: outcomes.all,
    timeouts,
    ...(isSized && { received: { sum, min, max, mean: sum / answers } }),
  }
}

function incomplete(cause: string): Failure {
  return new Failure('load-output', 'the results of vegeta are not complete', {
    cause,
    remedy: 'Check whether the disk of the load generator is full, and measure again.',
  })
}

/** Whole messages, without their lengths. */
async function* messagesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0)
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length)
    bytes.set(rest)
    bytes.set(chunk, rest.length)
    let from = 0
    for (let cursor = new Cursor(bytes); cursor.has(); cursor = new Cursor(bytes, from)) {
      const end = cursor.uint() + cursor.at
      if (end > bytes.length) break
      yield bytes.subarray(cursor.at, end)
      from = end
    }
    rest = bytes.slice(from)
  }
  if (rest.length > 0) throw incomplete('it ends within a request')
}

/** Fields of vegeta's `Result` in their order (lib/results.go of 12.13.0): gob names each by how many it is after the one before. */
const FIELDS = [
  ...[
    'Attack',
    'Seq',
    'Code',
    'Timestamp',
    'Latency',
    'BytesOut',
    'BytesIn',
    'Error',
    'Body',
    'Method',
    'URL',
    'Headers',
  ],
] as const
const [ATTACK, SEQ, CODE, TIMESTAMP, LATENCY, BYTES_OUT, BYTES_IN, ERROR, BODY, METHOD, URL, HEADERS] =
  FIELDS.keys().toArray() as Twelve
type Twelve = [number, number, number, number, number, number, number, number, number, number, number, number]

/** Another version might have other fields in front of those that are read. */
function checkFields(description: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(description)
  let from = 0
  for (const name of FIELDS) {
    // A name has its length before it.
    const found = text.indexOf(`${String.fromCharCode(name.length)}${name}`, from)
    const between = found < 0 ? 0 : found - from
    if (found < 0 || (from > 0 && between > MOST_BETWEEN)) {
      throw new Failure('load-output', 'the results of vegeta could not be read', {
        cause: `it describes no field ${name} where it should be`,
        remedy: 'Check whether meshbench supports this vegeta: meshbench doctor.',
      })
    }
    from = found + name.length + 1
  }
}

/** From one name of a field to the length of the next: its type and two deltas. A field in between would take more. */
const MOST_BETWEEN = 6

interface Result {
  readonly seq: number
  /** 0 where there was no answer. */
  readonly code: number
  /** Seconds since the epoch, and nanoseconds beyond them. */
  readonly at: Seconds
  readonly nanos: number
  /** Nanoseconds. */
  readonly latency: number
  readonly error: string
  /** Bytes of head and body, where the head tells the length of the body. */
  readonly answer?: number
}

/** Fields that are zero or empty are left out. */
function resultOf(cursor: Cursor): Result {
  const result: { -readonly [Key in keyof Result]: Result[Key] } = {
    ...{ seq: 0, code: 0, at: 0, nanos: 0, latency: 0, error: '' },
  }
  for (let field = -1, delta = cursor.uint(); delta > 0; delta = cursor.uint()) {
    field += delta
    switch (field) {
      case SEQ:
        result.seq = cursor.uint()
        break
      case CODE:
        result.code = cursor.uint()
        break
      case TIMESTAMP:
        Object.assign(result, cursor.time())
        break
      case LATENCY:
        result.latency = cursor.int()
        break
      case BYTES_OUT:
      case BYTES_IN:
        cursor.uint()
        break
      case ERROR:
        result.error = cursor.text()
        break
      case ATTACK:
      case BODY:
      case METHOD:
      case URL:
        cursor.skip()
        break
      case HEADERS: {
        const answer = cursor.answer()
        if (answer !== undefined) result.answer = answer
        break
      }
      default:
        throw incomplete(`a request has a field number ${field}`)
    }
  }
  return result
}

/** `HTTP/1.1 200 OK` with its line end, and the empty line after the head. */
const STATUS_LINE = 17
const EMPTY_LINE = 2
/** `: ` and a line end. */
const AROUND = 4

/** Seconds from the beginning of the year 1 to that of 1970, from which Go counts times that it stores. */
const YEAR_ONE = 62_135_596_800
const CONTENT_LENGTH = new TextEncoder().encode('Content-Length')

/** Values of gob at a place. Throws a Failure beyond its end. */
class Cursor {
  at: number
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** Whether the next number is there as a whole. */
  has(): boolean {
    const first = this.bytes[this.at]
    return first !== undefined && this.at + (first < 128 ? 0 : 256 - first) < this.bytes.length
  }

  /** Below 128 it is one byte; else that is the negated number of bytes that follow, the highest first. */
  uint(): number {
    const first = this.byte()
    if (first < 128) return first
    let value = 0
    for (let left = 256 - first; left > 0; left--) value = value * 256 + this.byte()
    return value
  }

  /** The lowest bit says whether the others are inverted. */
  int(): number {
    const value = this.uint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw incomplete('a request ends before its fields do')
    return value
  }

  skip(): number {
    const length = this.uint()
    this.at += length
    return length
  }

  text(): string {
    const length = this.skip()
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at))
  }

  /** As Go's time.Time stores itself: a version, seconds in eight bytes, nanoseconds in four, and a time zone. */
  time(): { at: Seconds; nanos: number } {
    const end = this.uint() + this.at
    this.byte()
    let [seconds, nanos] = [0, 0] as [number, number]
    for (let left = 8; left > 0; left--) seconds = seconds * 256 + this.byte()
    for (let left = 4; left > 0; left--) nanos = nanos * 256 + this.byte()
    this.at = end
    return { at: seconds - YEAR_ONE, nanos }
  }

  /** Of the map of headers: bytes of the whole answer, where one says the length of its body. */
  answer(): number | undefined {
    let head = STATUS_LINE + EMPTY_LINE
    let body: number | undefined
    for (let headers = this.uint(); headers > 0; headers--) {
      const name = this.skip()
      const isLength = name === CONTENT_LENGTH.length && this.#endsWith(CONTENT_LENGTH)
      for (let values = this.uint(); values > 0; values--) {
        const value = this.skip()
        head += name + value + AROUND
        if (isLength) body = Number(String.fromCharCode(...this.bytes.subarray(this.at - value, this.at)))
      }
    }
    return body === undefined ? undefined : head + body
  }

  #endsWith(expected: Uint8Array): boolean {
    const from = this.at - expected.length
    return expected.every((byte, index) => this.bytes[from + index] === byte)
  }
}
