import { Failure } from '../../model/failure.ts'
import type { Execution } from '../../model/platform.ts'
import { MICROS, type Micros } from '../../model/units.ts'
import { type LatencyHistogram, latencyHistogram } from '../histogram.ts'
import { emptyGroup, type GroupCounts } from '../several/part.ts'
import { wholeLines } from '../whole-lines.ts'
import { MADE, SAMPLES } from './k6-commands.ts'

/** What the samples hold; times in microseconds since `origin`. Of the measured scenario where nothing else is said. */
export interface K6Samples {
  /** The first time in the file, in microseconds since the epoch: numbers of that size have no room for decimals. */
  origin: Micros
  /** One entry per request, side by side. */
  readonly starts: Micros[]
  readonly services: Micros[]
  readonly isOk: boolean[]
  /** Of the answer, or the error's name where there is none. */
  readonly codes: string[]
  /** When an iteration was dropped for want of a virtual user. */
  readonly dropped: Micros[]
  readonly blocked: LatencyHistogram
  readonly connecting: LatencyHistogram
  /** Bytes of each iteration. */
  readonly received: { count: number; sum: number; min: number; max: number }
  /** Time within iterations, the script's own included. */
  iterating: Micros
  timeouts: number
  /** Of the whole process, warm-up included: requests, sockets, virtual users, the first of these, the last answer of the warm-up. */
  all: number
  sockets: number
  users: number
  madeAt: Micros
  warmupEnd: Micros
  /** What only scripts of the user's have. */
  readonly own?: OwnSamples
}

/** What a script of the user's did; times in microseconds since `origin`. */
export interface OwnSamples {
  /** One entry per iteration that ended, side by side: when it began, and how long it took. */
  readonly begins: Micros[]
  readonly lengths: Micros[]
  /** By the path of groups as k6 writes it: `::login`. */
  readonly groups: Map<string, GroupCounts>
  readonly checks: Map<string, { readonly group: string; readonly name: string; passed: number; failed: number }>
}

const MAIN = 'main'
const TIMED_OUT = '1050'
const OTHERS = [MADE, 'dropped_iterations', 'data_received', 'iteration_duration', 'vus_max']
const OF_OWN = ['checks', 'group_duration']

/** `of`: a script of the user's, and whether its own scenarios are what is measured. */
export async function readSamples(
  execution: Pick<Execution, 'read'>,
  of: { readonly own: boolean; readonly shaped: boolean } = { own: false, shaped: true },
): Promise<K6Samples> {
  const samples: K6Samples = {
    origin: Number.NaN,
    starts: [],
    services: [],
    isOk: [],
    codes: [],
    dropped: [],
    blocked: latencyHistogram(),
    connecting: latencyHistogram(),
    received: { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 },
    iterating: 0,
    timeouts: 0,
    all: 0,
    sockets: 0,
    users: 0,
    madeAt: Number.POSITIVE_INFINITY,
    warmupEnd: Number.NEGATIVE_INFINITY,
    ...(of.own && { own: { begins: [], lengths: [], groups: new Map(), checks: new Map() } }),
  }
  // What setup and teardown do belongs to no scenario.
  const isMain = (scenario: string) => (of.shaped ? scenario === MAIN : scenario !== '')
  const others = of.own ? [...OTHERS, ...OF_OWN] : OTHERS
  const scan = k6Scanner(others, of.own, {
    request: (request) => takeRequest(samples, request, isMain(request.scenario), sinceOrigin(samples, request.end)),
    other: (metric, sample) =>
      takeOther(samples, metric, isMain(sample.scenario), sinceOrigin(samples, sample.time), sample),
  })
  for await (const block of wholeLines(execution.read(SAMPLES))) scan(block)
  return samples
}

function sinceOrigin(samples: K6Samples, time: Micros): Micros {
  if (Number.isNaN(samples.origin)) samples.origin = time
  return time - samples.origin
}

function takeRequest(samples: K6Samples, request: K6Request, isMain: boolean, end: Micros): void {
  samples.all++
  if (request.connecting > 0) samples.sockets++
  if (!isMain) {
    // Nor is teardown part of the warm-up, which comes last.
    if (request.scenario !== '') samples.warmupEnd = Math.max(samples.warmupEnd, end)
    return
  }
  samples.starts.push(end - request.service)
  samples.services.push(request.service)
  samples.isOk.push(request.ok)
  samples.blocked.record(request.blocked)
  samples.connecting.record(request.connecting)
  if (request.errorCode === TIMED_OUT) samples.timeouts++
  samples.codes.push(/^0?$/.test(request.status) ? errorName(request.errorCode) : request.status)
  if (!samples.own) return
  const group = groupOf(samples.own, request.group)
  group.requests++
  if (request.ok) group.service.record(request.service)
  else group.errors++
}

/** More are no groups: a script names each by what it asks for. */
const MOST_GROUPS = 100
const REST = '::(others)'

function groupOf({ groups }: OwnSamples, path: string): GroupCounts {
  const key = groups.has(path) || groups.size < MOST_GROUPS ? path : REST
  const known = groups.get(key)
  if (known) return known
  const made = emptyGroup(pathOf(key))
  groups.set(key, made)
  return made
}

/** k6 joins the names of nested groups by two colons, which no name may have. */
export function pathOf(path: string): string[] {
  return path.split('::').slice(1)
}

/** Those of k6's error codes that a request can end with where there is no answer. */
const ERRORS: Readonly<Record<string, string>> = {
  1010: 'network error',
  1050: 'request timed out',
  1100: 'name not resolved',
  1101: 'no such host',
  1200: 'TCP error',
  1201: 'broken pipe',
  1210: 'connecting failed',
  1211: 'connecting timed out',
  1212: 'connection refused',
  1220: 'connection reset',
  1300: 'TLS error',
  1310: 'certificate of an unknown authority',
  1311: 'certificate of another host',
}

function errorName(code: string): string {
  const words = ERRORS[code]
  return words === undefined ? `error ${code}` : `error ${code} (${words})`
}

function takeOther(samples: K6Samples, metric: string, isMain: boolean, time: Micros, sample: K6Sample): void {
  const { value } = sample
  if (metric === MADE) samples.madeAt = Math.min(samples.madeAt, value * 1000 - samples.origin)
  else if (metric === 'vus_max') samples.users = Math.max(samples.users, value)
  else if (!isMain) return
  else if (metric === 'dropped_iterations') samples.dropped.push(time)
  else if (metric === 'iteration_duration') {
    const length = (value / 1000) * MICROS
    samples.iterating += length
    samples.own?.begins.push(time - length)
    samples.own?.lengths.push(length)
  } else if (metric === 'group_duration') {
    if (samples.own) groupOf(samples.own, sample.group).whole.record((value / 1000) * MICROS)
  } else if (metric === 'checks') {
    if (samples.own) takeCheck(samples.own, sample)
  } else {
    const { received } = samples
    received.count++
    received.sum += value
    received.min = Math.min(received.min, value)
    received.max = Math.max(received.max, value)
  }
}

function takeCheck(own: OwnSamples, { group, check, value }: K6Sample): void {
  const inGroup = groupOf(own, group)
  const key = JSON.stringify([group, check])
  if (!own.checks.has(key) && own.checks.size < MOST_GROUPS) {
    own.checks.set(key, { group, name: check, passed: 0, failed: 0 })
  }
  for (const one of [inGroup, own.checks.get(key)]) {
    if (!one) continue
    if (value > 0) one.passed++
    else one.failed++
  }
}

/** A request of k6; times in microseconds since the epoch, `service` with nanoseconds as decimals. */
interface K6Request {
  scenario: string
  end: Micros
  /** Waiting for a connection, connecting included, and the request itself: what fortio measures too. */
  service: Micros
  blocked: Micros
  connecting: Micros
  status: string
  errorCode: string
  group: string
  ok: boolean
}

/** A sample that is of no request: `value` in the metric's unit (milliseconds, bytes, 1). */
interface K6Sample {
  readonly scenario: string
  readonly time: Micros
  readonly value: number
  readonly group: string
  readonly check: string
}

/** What the scanner hands over. The request is the same object each time: take from it what is needed. */
interface OnSample {
  request(request: K6Request): void
  other(metric: string, sample: K6Sample): void
}

/** Metrics that are of a request, in the order in which k6 writes them; and those besides that are wanted. */
const OF_REQUEST = ['http_reqs', 'http_req_duration', 'http_req_blocked', 'http_req_connecting', 'http_req_failed']

const COLUMNS = ['scenario', 'status', 'error_code']
const COLUMNS_OF_OWN = ['group', 'check']
const LINE_END = 10

/**
 * A scanner of blocks of whole lines of k6's CSV. k6 writes the samples of one request one after the other, from
 * `http_reqs` to `http_req_failed`. Throws a Failure where the columns are not those that are needed, or the time stamps are
 * not in microseconds. `isOwn`: with groups and checks.
 */
export function k6Scanner(others: readonly string[], isOwn: boolean, on: OnSample): (block: Uint8Array) => void {
  const names = isOwn ? [...COLUMNS, ...COLUMNS_OF_OWN] : COLUMNS
  const text = textCache()
  const fieldsOf = fieldScanner()
  const wanted = wordTable([...OF_REQUEST, ...others])
  const request: K6Request = {
    scenario: '',
    end: 0,
    service: 0,
    blocked: 0,
    connecting: 0,
    status: '',
    errorCode: '',
    group: '',
    ok: true,
  }
  let columns: readonly number[] | undefined
  let isTimed = false

  const sample = (bytes: Uint8Array, metric: string, fields: Int32Array, known: readonly number[]): void => {
    const field = (column: number | undefined) => text(bytes, fields[column ?? 0] as number)
    const [scenario, status, errorCode, group, check] = known
    const ofOwn = (column: number | undefined) => (isOwn ? field(column) : '')
    const time = decimal(bytes, fields[1] as number)
    // The setting is of the whole file.
    if (!isTimed) checkMicros(time, new TextDecoder().decode(bytes.subarray(fields[1], (fields[2] as number) - 1)))
    isTimed = true
    const value = decimal(bytes, fields[2] as number)
    switch (metric) {
      case 'http_reqs':
        request.scenario = field(scenario)
        request.status = field(status)
        request.errorCode = field(errorCode)
        request.group = ofOwn(group)
        request.end = time
        request.service = 0
        return
      case 'http_req_duration':
        request.service += value * 1000
        return
      case 'http_req_blocked':
        request.blocked = value * 1000
        request.service += value * 1000
        return
      case 'http_req_connecting':
        request.connecting = value * 1000
        return
      case 'http_req_failed':
        request.ok = value === 0
        on.request(request)
        return
      default:
        on.other(metric, { scenario: field(scenario), time, value, group: ofOwn(group), check: ofOwn(check) })
    }
  }

  return (bytes) => {
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(LINE_END, from)
      const to = newline < 0 ? bytes.length : newline
      if (columns) {
        const metric = wanted(bytes, from)
        if (metric) sample(bytes, metric, fieldsOf(bytes, from, to), columns)
      } else columns = columnsOf(new TextDecoder().decode(bytes.subarray(from, to)), names)
      from = to + 1
    }
  }
}

/** From the year 2001 to 2286, microseconds since the epoch have 16 digits. */
function checkMicros(time: Micros, text: string): void {
  if (time >= 1e15 && time < 1e16 && /^\d{16}$/.test(text)) return
  throw new Failure('load-output', 'the time stamps of k6 are not in microseconds', {
    cause: `the first is ${text.slice(0, 40)}: K6_CSV_TIME_FORMAT was not unix_micro`,
    remedy: 'Run k6 with K6_CSV_TIME_FORMAT=unix_micro, as meshbench does.',
  })
}

const [COMMA, QUOTE, NEWLINE, DOT, ZERO] = [...new TextEncoder().encode(',"\n.0')] as [
  number,
  number,
  number,
  number,
  number,
]

/** Where the named columns stand. Throws a Failure where one is not there. */
function columnsOf(header: string, names: readonly string[]): number[] {
  if (header.startsWith('\x1f')) {
    throw new Failure('load-output', 'the samples of k6 cannot be read as CSV', {
      cause: 'the file is compressed: it is gzip',
      remedy: 'Give k6 a file name that does not end in .gz.',
    })
  }
  const columns = header.trim().split(',')
  const missing = names.filter((name) => !columns.includes(name))
  if (missing.length === 0 && columns[1] === 'timestamp' && columns[2] === 'metric_value') {
    return names.map((name) => columns.indexOf(name))
  }
  throw new Failure('load-output', 'the samples of k6 lack required columns', {
    cause: `${missing.join(', ') || 'timestamp, metric_value'} is not in its header: ${header.slice(0, 200)}`,
    remedy: 'Check whether meshbench supports this k6: meshbench doctor.',
  })
}

/** Finds where each field of a line begins. The array is the same each time. */
function fieldScanner(): (bytes: Uint8Array, from: number, to: number) => Int32Array {
  const starts = new Int32Array(64)
  return (bytes, from, to) => {
    starts.fill(to)
    starts[0] = from
    let isQuoted = false
    for (let at = from, column = 0; at < to; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) isQuoted = !isQuoted
      else if (byte === COMMA && !isQuoted) starts[++column] = at + 1
    }
    return starts
  }
}

/** A number without sign and exponent, up to the first byte that is no part of it. */
function decimal(bytes: Uint8Array, from: number): number {
  let value = 0
  let scale = 0
  for (let at = from; at < bytes.length; at++) {
    const digit = (bytes[at] as number) - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      scale *= 10
    } else if (bytes[at] === DOT) scale = 1
    else break
  }
  return scale > 1 ? value / scale : value
}

/** Which of the words a line begins with, up to its first comma. */
function wordTable(words: readonly string[]): (bytes: Uint8Array, from: number) => string | undefined {
  const table = words.map((word) => ({ word, bytes: new TextEncoder().encode(`${word},`) }))
  return (bytes, from) => table.find((entry) => matches(bytes, from, entry.bytes))?.word
}

/** Fields as text, each decoded once: for columns that have few values. */
function textCache(): (bytes: Uint8Array, from: number) => string {
  const known: { text: string; bytes: Uint8Array }[] = []
  return (bytes, from) => {
    const found = known.find((entry) => matches(bytes, from, entry.bytes))
    if (found) return found.text
    let to = from
    let isQuoted = false
    while (to < bytes.length && (isQuoted || (bytes[to] !== COMMA && bytes[to] !== NEWLINE))) {
      if (bytes[to] === QUOTE) isQuoted = !isQuoted
      to++
    }
    const text = unquoted(new TextDecoder().decode(bytes.subarray(from, to)))
    known.push({ text, bytes: bytes.slice(from, to + 1) })
    return text
  }
}

/** As RFC 4180 has it: in quotes where it holds a comma or a quote, which is doubled. */
function unquoted(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
}

function matches(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[from + index] !== expected[index]) return false
  return true
}
