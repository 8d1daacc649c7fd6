import { Failure } from '../model/failure.ts'
import type { LoadTool } from '../model/platform.ts'
import type { Generator, Measured } from '../model/result.ts'
import type { Protocol } from '../model/scenario.ts'
import { MICROS } from '../model/units.ts'
import { accessLogScanner } from './fortio-access-log.ts'
import { ACCESS_LOG, fortioCommands, TIMEOUT } from './fortio-commands.ts'
import { type FortioReading, fortioReading } from './fortio-reading.ts'
import { type FortioResult, fortioResult } from './fortio-result.ts'
import { type Instant, parseInstant } from './fortio-schedule.ts'
import { loggedWarnings, shortened } from './messages.ts'
import { type Outcomes, outcomeRegistry } from './outcomes.ts'
import { pausesOf } from './pauses.ts'
import { wholeLines } from './whole-lines.ts'

/**
 * fortio times each request from its real send, so its own percentiles do not know of requests that had to wait to be
 * sent. The access log has the real send of each, and the schedule is known: from both come the service time, the
 * response time and the time as sent.
 */
export const fortio: LoadTool = {
  name: 'fortio',
  title: 'fortio: connections with one request at a time each, on a fixed schedule',
  protocols: ['http', 'http2', 'grpc', 'tcp'],
  commands: fortioCommands,
  async parse(execution, load) {
    const result = await fortioResult(execution)
    const origin = originOf(result)
    const reading = fortioReading(result)
    const outcomes = outcomeRegistry()
    const scan = accessLogScanner(origin, outcomes)
    for await (const block of wholeLines(execution.read(ACCESS_LOG))) reading.take(scan(block))
    checkCount(result, reading)
    reading.close()
    return {
      ...measuredOf(reading, result, origin, outcomes),
      generator: { ...aboutItself(result, execution.stderr), ...aboutSending(reading, load.protocol) },
    }
  },
}

function originOf({ StartTime }: FortioResult): Instant {
  const origin = parseInstant(StartTime)
  if (origin) return origin
  throw new Failure('load-output', `fortio says that it started at ${StartTime}, which is no time`, {
    fix: 'See whether this fortio is one that meshbench knows: meshbench doctor.',
  })
}

/** One line a request: fewer, and the rest of the log was lost; more, and it holds another run too, since fortio appends. */
function checkCount({ DurationHistogram: { Count } }: FortioResult, { seen: { requests } }: FortioReading): void {
  if (requests === Count) return
  const [message, fix] =
    requests < Count
      ? ['is not complete', 'See whether the disk of the load generator is full, and measure again.']
      : ['holds more than this run', 'fortio appends to a log that is there: remove it, and measure again.']
  throw new Failure('load-output', `the access log of fortio ${message}`, {
    cause: `fortio counted ${Count} requests, the log has ${requests}`,
    fix,
  })
}

function measuredOf(
  { schedule, window, seen }: FortioReading,
  { Sizes, BytesReceived }: FortioResult,
  origin: Instant,
  outcomes: Outcomes,
): Omit<Measured, 'generator'> {
  const planned = schedule.planned ?? seen.requests
  const begin = schedule.planned === undefined ? Math.min(seen.firstSend, seen.lastAnswer) : 0
  const bytes = Sizes?.Sum ?? BytesReceived
  return {
    tool: 'fortio',
    startedAt: origin.seconds + origin.nanos / 1e9,
    seconds: (seen.lastAnswer - begin) / MICROS,
    planned,
    requests: seen.requests,
    errors: outcomes.all.reduce((sum, { ok, count }) => (ok ? sum : sum + count), 0),
    dropped: Math.max(0, planned - seen.requests),
    codes: Object.fromEntries(outcomes.all.map(({ code, count }) => [code, count])),
    ...(bytes !== undefined && { bytesReceived: bytes }),
    latency: window.latency(),
    timeline: window.timeline(),
    slices: window.slices(),
  }
}

/** What the log says of the sending. */
function aboutSending(
  { schedule, window, inherited, candidates, seen }: FortioReading,
  protocol: Protocol,
): Partial<Generator> {
  const late = window.late()
  const settling = window.settling()
  const median = window.service().quantile(0.5) * MICROS
  return {
    ...(settling && { settling }),
    ...(late && { late: { ...late, inherited: inherited() } }),
    ...(schedule.threads > 1 && median > 0 && { pauses: pausesOf(candidates, median, schedule.threads) }),
    ...(protocol !== 'grpc' && { timeouts: seen.timeouts, timeout: TIMEOUT }),
  }
}

/** What fortio says of itself. */
function aboutItself(result: FortioResult, stderr: string): Generator {
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
    messages: shortened([...(behind ? [behind[0]] : []), ...loggedWarnings(stderr)]),
  }
}
