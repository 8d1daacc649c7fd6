import { Failure } from '../model/failure.ts'
import type { Micros } from '../model/units.ts'
import { columnsOf, decimal, fieldScanner, textCache, wordTable } from './csv.ts'

/** A request of k6; times in microseconds since the epoch, `service` with nanoseconds as decimals. */
export interface K6Request {
  scenario: string
  end: Micros
  /** Waiting for a connection, connecting included, and the request itself: what fortio measures too. */
  service: Micros
  blocked: Micros
  connecting: Micros
  status: string
  errorCode: string
  ok: boolean
}

/** What the scanner hands over. The request is the same object each time: take from it what is needed. */
export interface OnSample {
  request(request: K6Request): void
  /** A sample that is of no request: `value` in the metric's unit (milliseconds, bytes, 1). */
  other(metric: string, scenario: string, time: Micros, value: number): void
}

/** Metrics that are of a request, in the order in which k6 writes them; and those besides that are wanted. */
const OF_REQUEST = ['http_reqs', 'http_req_duration', 'http_req_blocked', 'http_req_connecting', 'http_req_failed']

const COLUMNS = ['scenario', 'status', 'error_code']
const NEWLINE = 10

/**
 * A scanner of blocks of whole lines of k6's CSV. k6 writes the samples of one request one after the other, from
 * `http_reqs` to `http_req_failed`. Throws a Failure where the columns are not those that are needed, or the time stamps are
 * not in microseconds.
 */
export function k6Scanner(others: readonly string[], on: OnSample): (block: Uint8Array) => void {
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
    ok: true,
  }
  let columns: readonly number[] | undefined
  let isTimed = false

  const sample = (bytes: Uint8Array, metric: string, fields: Int32Array, known: readonly number[]): void => {
    const field = (column: number | undefined) => text(bytes, fields[column ?? 0] as number)
    const [scenario, status, errorCode] = known
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
        on.other(metric, field(scenario), time, value)
    }
  }

  return (bytes) => {
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from)
      const to = newline < 0 ? bytes.length : newline
      if (columns) {
        const metric = wanted(bytes, from)
        if (metric) sample(bytes, metric, fieldsOf(bytes, from, to), columns)
      } else columns = columnsOf(new TextDecoder().decode(bytes.subarray(from, to)), COLUMNS)
      from = to + 1
    }
  }
}

/** From the year 2001 to 2286, microseconds since the epoch have 16 digits. */
function checkMicros(time: Micros, text: string): void {
  if (time >= 1e15 && time < 1e16 && /^\d{16}$/.test(text)) return
  throw new Failure('load-output', 'the time stamps of k6 are not in microseconds', {
    cause: `the first is ${text.slice(0, 40)}: K6_CSV_TIME_FORMAT was not unix_micro`,
    fix: 'Run k6 with K6_CSV_TIME_FORMAT=unix_micro; meshbench does so itself, wherever it starts k6.',
  })
}
