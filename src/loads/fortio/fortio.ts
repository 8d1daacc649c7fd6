import { Failure } from '../../model/failure.ts'
import type { LoadTool } from '../../model/platform.ts'
import { GITHUB, type Recipe } from '../../model/program.ts'
import type { Generator } from '../../model/result.ts'
import type { Protocol } from '../../model/scenario.ts'
import { MICROS, type Seconds } from '../../model/units.ts'
import { logged, loggedWarnings, type Outcomes, outcomeRegistry, shortened } from '../messages.ts'
import type { Part } from '../several/part.ts'
import { readers } from '../several/read-several.ts'
import { wholeLines } from '../whole-lines.ts'
import { accessLogScanner, type Instant, parseInstant } from './fortio-access-log.ts'
import { type FortioReading, fortioReading } from './fortio-reading.ts'
import {
  ACCESS_LOG,
  aborted,
  type FortioResult,
  fortioCommands,
  fortioResult,
  PAYLOAD_LIMITS,
  TIMEOUT,
} from './fortio-result.ts'
import { simulatedFortio } from './simulated-fortio.ts'

const RECIPE: Recipe = {
  version: '1.68.0',
  accepts: ['1.60.0', '2.0.0'],
  ask: { argv: ['version'], pattern: /^v?(\d+\.\d+\.\d+)/ },
  ways: [
    // Newer versions could not be built from every Go module proxy tried.
    { kind: 'go', package: 'fortio.org/fortio', version: 'v1.68.0', needs: '1.23', takes: 'about a minute' },
    {
      kind: 'release',
      sha256: {},
      base: `${GITHUB}/fortio/fortio/releases/download/v1.68.0/`,
      files: {
        'linux-x64': { name: 'fortio-linux_amd64-1.68.0.tgz', member: 'usr/bin/fortio' },
        'linux-arm64': { name: 'fortio-linux_arm64-1.68.0.tgz', member: 'usr/bin/fortio' },
      },
    },
  ],
}

/**
 * fortio times each request from its real send, so its own percentiles do not know of requests that had to wait to be
 * sent. The access log has the real send of each, and the schedule is known: from both come the service time, the
 * response time and the time as sent.
 */
export const fortio: LoadTool = {
  name: 'fortio',
  title: 'fortio: connections with one request at a time each, on a fixed schedule',
  recipe: RECIPE,
  protocols: ['http', 'http2', 'grpc', 'tcp'],
  payloadLimits: PAYLOAD_LIMITS,
  environment: {},
  commands: fortioCommands,
  ended: aborted,
  simulate: simulatedFortio,
  ...readers(async (execution, load, { later }) => {
    const result = await fortioResult(execution)
    const origin = originOf(result)
    const reading = fortioReading(result, later(origin.seconds + origin.nanos / 1e9))
    const outcomes = outcomeRegistry()
    const scan = accessLogScanner(origin, outcomes)
    for await (const block of wholeLines(execution.read(ACCESS_LOG))) reading.take(scan(block))
    checkCount(result, reading)
    reading.close()
    const counts = countsOf(reading, result, origin, outcomes)
    const clockStep = clockStepOf(reading, result)
    const { ActualDuration } = result
    const isOpen = reading.schedule.planned !== undefined
    return {
      ...counts,
      // By the clock that was not stepped.
      ...(clockStep !== undefined && ActualDuration !== undefined && { seconds: ActualDuration / 1e9 }),
      raw: reading.window.raw(),
      candidates: reading.candidates,
      ...(isOpen && reading.seen.requests > 0 && { inherited: reading.inherited() }),
      about: {
        ...aboutItself(result, execution.stderr),
        ...(load.protocol !== 'grpc' && { timeouts: reading.seen.timeouts, timeout: TIMEOUT }),
        ...resentOf(result, execution.stderr, load.protocol, counts.errors),
        ...(clockStep !== undefined && { clockStep }),
      },
    }
  }),
}

function originOf({ StartTime }: FortioResult): Instant {
  const origin = parseInstant(StartTime)
  if (origin) return origin
  throw new Failure('load-output', `fortio reports the start time ${StartTime}, which is not a time`, {
    remedy: 'Check whether meshbench supports this fortio: meshbench doctor.',
  })
}

/** One line a request: fewer, and the rest of the log was lost; more, and it holds another run too, since fortio appends. */
function checkCount({ DurationHistogram: { Count } }: FortioResult, { seen: { requests } }: FortioReading): void {
  if (requests === Count) return
  const [message, remedy] =
    requests < Count
      ? ['is not complete', 'See whether the disk of the load generator is full, and measure again.']
      : ['holds more than this run', 'fortio appends to a log that is there: remove it, and measure again.']
  throw new Failure('load-output', `the access log of fortio ${message}`, {
    cause: `fortio counted ${Count} requests, the log has ${requests}`,
    remedy,
  })
}

/** More than any clock is slewed in a run. */
const STEPPED: Seconds = 0.1

/**
 * fortio keeps its schedule and measures its whole run by a clock that nobody steps, and logs times of the wall clock. The
 * last answer cannot come after its end, and no request goes out before it is due or before the answer to the one before.
 */
function clockStepOf({ seen }: FortioReading, result: FortioResult): Seconds | undefined {
  const back = seen.leastWait / MICROS
  if (back < -STEPPED) return back
  const forward = seen.lastAnswer / MICROS - (result.ActualDuration ?? Number.POSITIVE_INFINITY) / 1e9
  return forward > STEPPED ? forward : undefined
}

/** What fortio logs as information and a judge of connections wants to know. */
const RESENT = /^Closing dead socket/
const CLOSED = /^Server wants to close connection/

/**
 * Where an open connection turns out to be closed, fortio's HTTP client sends the request again on a new one: it logs
 * that as information. A log without such lines tells by its sockets: each failed request costs one, and each that was sent
 * again.
 */
function resentOf(
  { NumThreads, SocketCount }: FortioResult,
  stderr: string,
  protocol: Protocol,
  errors: number,
): Pick<Generator, 'resent'> {
  if (protocol !== 'http') return {}
  const lines = logged(stderr)
  const isTold = lines.some(({ text }) => text === 'Run ended')
  if (isTold) return { resent: lines.filter(({ text }) => RESENT.test(text)).length }
  return SocketCount === undefined ? {} : { resent: Math.max(0, SocketCount - NumThreads - errors) }
}

function countsOf(
  { schedule, seen }: FortioReading,
  { Sizes, BytesReceived }: FortioResult,
  origin: Instant,
  outcomes: Outcomes,
): Omit<Part, 'raw' | 'candidates' | 'about'> {
  const planned = schedule.planned ?? seen.requests
  const begin = schedule.planned === undefined ? seen.firstSend : 0
  const bytes = Sizes?.Sum ?? BytesReceived
  return {
    tool: 'fortio',
    startedAt: origin.seconds + origin.nanos / 1e9,
    seconds: seen.requests === 0 ? 0 : (seen.lastAnswer - begin) / MICROS,
    planned,
    requests: seen.requests,
    errors: outcomes.all.reduce((sum, { ok, count }) => (ok ? sum : sum + count), 0),
    dropped: Math.max(0, planned - seen.requests),
    codes: Object.fromEntries(outcomes.all.map(({ code, count }) => [code, count])),
    ...(bytes !== undefined && { bytesReceived: bytes }),
  }
}

/** What fortio says of itself. */
function aboutItself(result: FortioResult, stderr: string): Part['about'] {
  const { Sizes, ConnectionStats, IPCountMap, Sockets, SocketCount } = result
  const behind = /^WARNING ([\d.]+)% of sleep were falling behind/m.exec(stderr)
  return {
    version: result.Version,
    connections: result.NumThreads,
    uniform: result.Uniform,
    catchUp: !result.NoCatchUp,
    ...(behind && { fallingBehind: Number(behind[1]) / 100 }),
    ...(SocketCount !== undefined && { sockets: SocketCount }),
    ...(Sockets && Sockets.length > 0 && { socketsOfWorst: Math.max(...Sockets) }),
    ...(ConnectionStats && ConnectionStats.Count > 0 && { connect: ConnectionStats.Avg }),
    ...(Sizes && { answer: { min: Sizes.Min, max: Sizes.Max, mean: Sizes.Avg } }),
    ...(IPCountMap && { destinations: IPCountMap }),
    messages: shortened([
      ...(behind ? [behind[0]] : []),
      ...loggedWarnings(stderr),
      ...logged(stderr).flatMap(({ text }) => (RESENT.test(text) || CLOSED.test(text) ? [text] : [])),
    ]),
  }
}
