import type { Execution } from '../model/platform.ts'
import { MICROS, type Micros } from '../model/units.ts'
import { type LatencyHistogram, latencyHistogram } from './histogram.ts'
import { MADE, SAMPLES } from './k6-commands.ts'
import { type K6Request, k6Scanner } from './k6-samples.ts'
import { wholeLines } from './whole-lines.ts'

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
}

const MAIN = 'main'
const TIMED_OUT = '1050'
const OTHERS = [MADE, 'dropped_iterations', 'data_received', 'iteration_duration', 'vus_max']

export async function readSamples(execution: Pick<Execution, 'read'>): Promise<K6Samples> {
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
  }
  const scan = k6Scanner(OTHERS, {
    request: (request) => takeRequest(samples, request, sinceOrigin(samples, request.end)),
    other: (metric, scenario, time, value) =>
      takeOther(samples, metric, scenario === MAIN, sinceOrigin(samples, time), value),
  })
  for await (const block of wholeLines(execution.read(SAMPLES))) scan(block)
  return samples
}

function sinceOrigin(samples: K6Samples, time: Micros): Micros {
  if (Number.isNaN(samples.origin)) samples.origin = time
  return time - samples.origin
}

function takeRequest(samples: K6Samples, request: K6Request, end: Micros): void {
  samples.all++
  if (request.connecting > 0) samples.sockets++
  if (request.scenario !== MAIN) {
    samples.warmupEnd = Math.max(samples.warmupEnd, end)
    return
  }
  samples.starts.push(end - request.service)
  samples.services.push(request.service)
  samples.isOk.push(request.ok)
  samples.blocked.record(request.blocked)
  samples.connecting.record(request.connecting)
  if (request.errorCode === TIMED_OUT) samples.timeouts++
  samples.codes.push(/^0?$/.test(request.status) ? errorName(request.errorCode) : request.status)
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

function takeOther(samples: K6Samples, metric: string, isMain: boolean, time: Micros, value: number): void {
  if (metric === MADE) samples.madeAt = Math.min(samples.madeAt, value * 1000 - samples.origin)
  else if (metric === 'vus_max') samples.users = Math.max(samples.users, value)
  else if (!isMain) return
  else if (metric === 'dropped_iterations') samples.dropped.push(time)
  else if (metric === 'iteration_duration') samples.iterating += (value / 1000) * MICROS
  else {
    const { received } = samples
    received.count++
    received.sum += value
    received.min = Math.min(received.min, value)
    received.max = Math.max(received.max, value)
  }
}
