import type { Command, LoadOutcome, SimulatedServer, SimulatedTarget } from '../../model/platform.ts'
import { parseDuration, type Seconds } from '../../model/units.ts'

/** What differs between fortio's kinds of runs. */
interface Kind {
  readonly type: string
  readonly ok: string
  readonly failed: string
}

const HTTP: Kind = { type: 'HTTP', ok: '200', failed: '503' }
const GRPC: Kind = { type: 'GRPC Ping', ok: 'SERVING', failed: 'ERROR' }
const TCP: Kind = { type: 'TCP', ok: 'OK', failed: 'short read' }

/** Bytes of the response's headers, as fortio's own server sends them. */
const HEADERS = 124
const CONNECT = 0.0002

/** Runs `fortio load` against the simulated server: JSON result, access log and stderr as version 1.68.0 writes them. */
export function simulatedFortio(command: Command, { load, start, server }: SimulatedTarget): LoadOutcome {
  const given = fortioFlags(command.argv)
  // A graph of services answers with more than it is sent.
  const flags = { ...given, payload: load.request?.answer ?? given.payload }
  const kind = flags.grpc ? GRPC : flags.url.startsWith('tcp:') ? TCP : HTTP
  const run = fortioSchedule(flags, server(flags.connections))
  const result = `${JSON.stringify(resultOf(flags, kind, run, start), null, 2)}\n`
  const files = new Map<string, string>()
  if (flags.accessLog !== undefined) files.set(flags.accessLog, accessLog(run.calls, kind, start))
  if (flags.json !== undefined && flags.json !== '-') files.set(flags.json, result)
  return {
    exitCode: 0,
    stdout: flags.json === '-' ? result : '',
    stderr: fortioStderr(flags, run, codesOf(run.calls, kind), start),
    files,
    seconds: run.elapsed,
    window: run.elapsed,
    requests: run.calls.length,
    connections: run.threads,
  }
}

function accessLog(calls: readonly Call[], kind: Kind, start: number): string {
  const lines = calls.map(({ thread, iter, sentAt, answeredAt, ok }) => {
    const latency = (answeredAt - sentAt).toFixed(6)
    const details = ok ? kind.ok : kind.failed
    return `{"latency":${latency},"timestamp":${unixNanos(start, sentAt)},"thread":${thread},"iter":${iter},"ok":${ok},"details":"${details}"}\n`
  })
  return lines.join('')
}

function codesOf(calls: readonly Call[], kind: Kind): Record<string, number> {
  const failed = calls.filter(({ ok }) => !ok).length
  const codes = { [kind.ok]: calls.length - failed, [kind.failed]: failed }
  return Object.fromEntries(Object.entries(codes).filter(([, count]) => count > 0))
}

function resultOf(flags: FortioFlags, kind: Kind, run: FortioRun, start: number) {
  const latencies = (calls: readonly Call[]) => calls.map(({ sentAt, answeredAt }) => answeredAt - sentAt)
  const failed = run.calls.filter(({ ok }) => !ok)
  return {
    RunType: kind.type,
    Labels: flags.labels,
    StartTime: new Date(start * 1000).toISOString().replace('.000Z', 'Z'),
    RequestedQPS: flags.qps === 0 ? 'max' : String(flags.qps),
    RequestedDuration: goDuration(flags.seconds),
    ActualQPS: run.calls.length / run.elapsed,
    ActualDuration: Math.round(run.elapsed * 1e9),
    NumThreads: run.threads,
    Version: '1.68.0',
    DurationHistogram: fortioHistogram(latencies(run.calls), flags.resolution, flags.percentiles),
    ErrorsDurationHistogram: fortioHistogram(latencies(failed), flags.resolution, flags.percentiles),
    Exactly: 0,
    Jitter: false,
    Uniform: flags.uniform,
    NoCatchUp: false,
    RunID: 0,
    AccessLoggerInfo: flags.accessLog === undefined ? '' : `mode json to ${flags.accessLog}`,
    ID: `simulated-${flags.labels}`,
    RetCodes: codesOf(run.calls, kind),
    ...(kind === HTTP ? httpPart(flags, run) : plainPart(flags, kind, run)),
  }
}

/** fortio closes a connection on an answer that is not fine, and opens another. */
function sockets({ calls, threads }: FortioRun): number[] {
  const opened = new Array<number>(threads).fill(1)
  for (const { thread, ok } of calls) if (!ok) opened[thread] = (opened[thread] ?? 0) + 1
  return opened
}

function httpPart(flags: FortioFlags, run: FortioRun) {
  const opened = sockets(run)
  const socketCount = opened.reduce((total, count) => total + count, 0)
  const size = (bytes: number) => fortioHistogram(new Array<number>(run.calls.length).fill(bytes), 100)
  return {
    IPCountMap: { [new URL(flags.url).host]: socketCount },
    MTLS: false,
    URL: flags.url,
    NumConnections: 1,
    DisableFastClient: flags.http2,
    H2: flags.http2,
    DisableKeepAlive: false,
    HTTPReqTimeOut: Math.round(flags.timeout * 1e9),
    Payload: '',
    LogErrors: true,
    ConnReuseRange: [0, 0],
    Offset: 0,
    Resolution: flags.resolution,
    Sizes: size(HEADERS + flags.payload),
    HeaderSizes: size(HEADERS),
    Sockets: opened,
    SocketCount: socketCount,
    ConnectionStats: fortioHistogram(new Array<number>(socketCount).fill(CONNECT), 0.0001, flags.percentiles),
    AbortOn: 0,
  }
}

function plainPart(flags: FortioFlags, kind: Kind, run: FortioRun) {
  const bytes = run.calls.length * flags.payload
  return {
    Destination: flags.url,
    ...(kind === GRPC ? { Streams: 1, Ping: true } : {}),
    ...(kind === TCP ? { SocketCount: run.threads, BytesSent: bytes, BytesReceived: bytes } : {}),
  }
}

/** As Go prints a duration: 90 s is `1m30s`, half a second `500ms`. */
function goDuration(seconds: number): string {
  if (seconds < 1) return `${seconds * 1000}ms`
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = `${Number((seconds % 60).toFixed(9))}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}

/** A histogram as fortio writes it, in JSON with Go's field names. */
interface FortioHistogram {
  readonly Count: number
  readonly Min: number
  readonly Max: number
  readonly Sum: number
  readonly Avg: number
  readonly StdDev: number
  readonly Data: readonly Bucket[] | null
  readonly Percentiles?: readonly { readonly Percentile: number; readonly Value: number }[]
}

interface Bucket {
  readonly Start: number
  readonly End: number
  /** Cumulative. */
  readonly Percent: number
  readonly Count: number
}

/** Upper edges of fortio's buckets, as multiples of the resolution (stats.go); beyond the last there is one bucket more. */
const EDGES = [
  ...steps(1, 12, 1),
  ...steps(14, 20, 2),
  ...steps(25, 50, 5),
  ...steps(60, 100, 10),
  ...steps(120, 200, 20),
  ...steps(250, 500, 50),
  ...steps(600, 1000, 100),
  ...[2000, 3000, 4000, 5000, 7500, 10_000, 20_000, 30_000, 40_000, 50_000, 75_000, 100_000],
]

function fortioHistogram(
  values: readonly number[],
  resolution: number,
  percentiles?: readonly number[],
): FortioHistogram {
  const count = values.length
  if (count === 0) return { Count: 0, Min: 0, Max: 0, Sum: 0, Avg: 0, StdDev: 0, Data: null }
  const sorted = values.toSorted((a, b) => a - b)
  const sum = sorted.reduce((total, value) => total + value, 0)
  const mean = sum / count
  const variance = sorted.reduce((total, value) => total + (value - mean) ** 2, 0) / count
  const Data = buckets(sorted, resolution)
  const histogram = {
    Count: count,
    Min: sorted[0] as number,
    Max: sorted[count - 1] as number,
    Sum: sum,
    Avg: mean,
    StdDev: Math.sqrt(variance),
    Data,
  }
  if (!percentiles) return histogram
  const Percentiles = percentiles.map((percentile) => ({
    Percentile: percentile,
    Value: percentileOf(histogram, percentile),
  }))
  return { ...histogram, Percentiles }
}

/** Intervals open below and closed above; the first and the last end at the smallest and the largest value. */
function buckets(sorted: readonly number[], resolution: number): Bucket[] {
  const found: Bucket[] = []
  let from = 0
  for (let snapshot = 0; from < sorted.length; snapshot++) {
    const upper = (EDGES[snapshot] ?? Number.POSITIVE_INFINITY) * resolution
    let to = from
    while (to < sorted.length && (sorted[to] as number) <= upper) to++
    if (to > from) {
      found.push({
        Start: from === 0 ? (sorted[0] as number) : (EDGES[snapshot - 1] ?? 0) * resolution,
        End: to === sorted.length ? (sorted[to - 1] as number) : upper,
        Percent: (100 * to) / sorted.length,
        Count: to - from,
      })
    }
    from = to
  }
  return found
}

/** Linear within a bucket. */
function percentileOf(histogram: FortioHistogram & { readonly Data: readonly Bucket[] }, percentile: number): number {
  let before = 100 / histogram.Count
  if (percentile <= before) return histogram.Min
  for (const { Start, End, Percent } of histogram.Data) {
    if (percentile <= Percent) return Start + ((percentile - before) / (Percent - before)) * (End - Start)
    before = Percent
  }
  return histogram.Max
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by + 1 }, (_, index) => from + index * by)
}

/** What fortio says to people: warnings that matter to a judge of the trial, and its summary. */
function fortioStderr(
  flags: FortioFlags,
  run: FortioRun,
  codes: Readonly<Record<string, number>>,
  start: number,
): string {
  const { calls, threads, callsPerThread, elapsed, behind } = run
  const asked = `${flags.seconds}s`
  const rate = flags.qps === 0 ? 'max' : String(flags.qps)
  const each = flags.qps === 0 ? '' : ` : ${callsPerThread} calls each (total ${callsPerThread * threads})`
  const qps = (calls.length / elapsed).toPrecision(5)
  const mean = calls.reduce((sum, { sentAt, answeredAt }) => sum + answeredAt - sentAt, 0) / Math.max(1, calls.length)
  const warnings = run.cutShort.map(({ thread, calls }) => {
    const name = `T${String(thread).padStart(3, '0')}`
    const msg = `${name} warning only did ${calls} out of ${callsPerThread} calls before reaching ${asked}`
    return JSON.stringify({ ts: start + elapsed, level: 'warn', r: thread, file: 'periodic.go', line: 846, msg })
  })
  return [
    `Fortio 1.68.0 running at ${rate} queries per second, 2->2 procs, for ${asked}: ${flags.url}`,
    `Starting at ${rate} qps with ${threads} thread(s) [gomax 2] for ${asked}${each}`,
    ...warnings,
    `Ended after ${elapsed.toFixed(9)}s : ${calls.length} calls. qps=${qps}`,
    ...(behind > 0.05 ? [`WARNING ${(100 * behind).toFixed(2)}% of sleep were falling behind`] : []),
    `Aggregated Function Time : count ${calls.length} avg ${mean.toPrecision(8)}`,
    `Uniform: ${flags.uniform}, Jitter: false, Catchup allowed: true`,
    ...Object.entries(codes).map(
      ([code, count]) => `Code ${code} : ${count} (${((100 * count) / calls.length).toFixed(1)} %)`,
    ),
    `All done ${calls.length} calls (plus ${threads} warmup) ${(1000 * mean).toFixed(3)} ms avg, ${qps} qps`,
    '',
  ].join('\n')
}

/** A moment of a trial as nanoseconds since the epoch, in decimal: they exceed what a number holds exactly. */
export function unixNanos(start: Seconds, offset: Seconds): string {
  const nanos = Math.round(offset * 1e9)
  const whole = Math.floor(nanos / 1e9)
  return `${start + whole}${String(nanos - whole * 1e9).padStart(9, '0')}`
}

/** One line of the access log; times in seconds from the start. */
interface Call {
  readonly thread: number
  readonly iter: number
  readonly sentAt: Seconds
  readonly answeredAt: Seconds
  readonly ok: boolean
}

interface FortioRun {
  /** In the order of their answers. */
  readonly calls: readonly Call[]
  readonly threads: number
  readonly callsPerThread: number
  /** Calls that each thread had made when the time was over, where it had not made all of them. */
  readonly cutShort: readonly { readonly thread: number; readonly calls: number }[]
  /** Share of the pauses between calls that were late by a millisecond or more. */
  readonly behind: number
  readonly elapsed: Seconds
}

/** How many calls each thread makes, and when each is due. */
interface Pace {
  readonly threads: number
  readonly callsPerThread: number
  due(thread: number, iter: number): Seconds
}

/**
 * fortio's loop: each thread has one connection and one request open at most, sends when its schedule says so or, when
 * that has passed, as soon as it has its answer, and gives up at the end of the time.
 */
function fortioSchedule(flags: FortioFlags, server: SimulatedServer): FortioRun {
  const pace = flags.qps === 0 ? unpaced(flags) : paced(flags)
  const { threads, callsPerThread } = pace
  const byThread = Array.from({ length: threads }, (_, thread) => callsOf(thread, pace, flags.seconds, server))
  const calls = byThread.flat().sort((a, b) => a.answeredAt - b.answeredAt)
  return {
    calls,
    threads,
    callsPerThread,
    cutShort: byThread.flatMap(({ length }, thread) =>
      flags.qps > 0 && length < callsPerThread ? [{ thread, calls: length }] : [],
    ),
    behind: flags.qps === 0 ? 0 : shareBehind(byThread, pace),
    elapsed: calls.at(-1)?.answeredAt ?? flags.seconds,
  }
}

function unpaced({ connections }: FortioFlags): Pace {
  return { threads: connections, callsPerThread: Number.POSITIVE_INFINITY, due: () => 0 }
}

/** The schedule is stretched so that the last call is due at the very end (periodic.go of fortio 1.68). */
function paced({ qps, seconds, connections, uniform }: FortioFlags): Pace {
  const total = Math.max(2, Math.floor(qps * seconds))
  const threads = Math.max(1, Math.min(connections, Math.floor(total / 2)))
  const callsPerThread = Math.floor(total / threads)
  const due = (thread: number, iter: number) =>
    (uniform ? thread / qps : 0) + ((iter + iter / (callsPerThread - 1)) * threads) / qps
  return { threads, callsPerThread, due }
}

/** A thread that has made two calls stops when the time is over, but for its very last call. */
function callsOf(thread: number, { callsPerThread, due }: Pace, seconds: Seconds, server: SimulatedServer): Call[] {
  const calls: Call[] = []
  let free = 0
  for (let iter = 0; iter < callsPerThread; iter++) {
    const sentAt = server.awake(Math.max(free, due(thread, iter)))
    if (sentAt > seconds && iter >= 2 && iter !== callsPerThread - 1) break
    const { at: answeredAt, ok } = server.answer(sentAt)
    const at = server.awake(answeredAt)
    calls.push({ thread, iter, sentAt, answeredAt: at, ok })
    free = at
  }
  return calls
}

/** A pause falls behind when it ought to have ended a millisecond ago or more. */
function shareBehind(byThread: readonly (readonly Call[])[], { due }: Pace): number {
  let pauses = 0
  let late = 0
  for (const calls of byThread) {
    for (let iter = 1; iter < calls.length; iter++) {
      pauses++
      if ((calls[iter - 1]?.answeredAt ?? 0) - due(calls[iter]?.thread ?? 0, iter) >= 0.001) late++
    }
  }
  return pauses === 0 ? 0 : late / pauses
}

/** What the simulation reads of a command line of `fortio load`. */
interface FortioFlags {
  readonly url: string
  /** 0: as fast as answers come. */
  readonly qps: number
  readonly seconds: Seconds
  readonly connections: number
  readonly payload: number
  readonly resolution: Seconds
  readonly percentiles: readonly number[]
  readonly timeout: Seconds
  readonly labels: string
  readonly json?: string
  readonly accessLog?: string
  readonly uniform: boolean
  readonly grpc: boolean
  readonly http2: boolean
}

/** Go's flags that take no value of their own; all others do. */
const SWITCHES = new Set([
  ...[
    'uniform',
    'nocatchup',
    'jitter',
    'grpc',
    'ping',
    'h2',
    'stdclient',
    'http1.0',
    'keepalive',
    'compression',
    'httpccch',
  ],
  ...['logger-no-color', 'log-errors', 'sequential-warmup', 'allow-initial-errors', 'quiet', 'k', 'L', 'no-reresolve'],
  ...['a', 'gomaxprocs-auto', 'health', 'healthservice', 'http-rawheaders'],
])

function fortioFlags(argv: readonly string[]): FortioFlags {
  const { flags, rest } = split(argv)
  const text = (name: string, otherwise: string) => flags.get(name) ?? otherwise
  const on = (name: string) => text(name, 'false') === 'true'
  const seconds = (name: string, otherwise: string) => parseDuration(text(name, otherwise)) ?? 0
  const json = flags.get('json')
  const accessLog = flags.get('access-log-file')
  return {
    url: rest.at(-1) ?? '',
    qps: Math.max(0, Number(text('qps', '8'))),
    seconds: seconds('t', '5s'),
    connections: Number(text('c', '4')),
    payload: Number(text('payload-size', '0')),
    resolution: Number(text('r', '0.001')),
    percentiles: text('p', '50,75,90,99,99.9').split(',').map(Number),
    timeout: seconds('timeout', '3s'),
    labels: text('labels', ''),
    ...(json === undefined ? {} : { json }),
    ...(accessLog === undefined ? {} : { accessLog }),
    uniform: on('uniform'),
    grpc: on('grpc'),
    http2: on('h2'),
  }
}

function split(argv: readonly string[]) {
  const flags = new Map<string, string>()
  const rest: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[index] ?? '') ?? []
    if (name === undefined) rest.push(argv[index] ?? '')
    else flags.set(name, value ?? (SWITCHES.has(name) ? 'true' : (argv[++index] ?? '')))
  }
  return { flags, rest }
}
