import type { Command } from '../../model/platform.ts'
import { type FortioFlags, fortioFlags } from './fortio-flags.ts'
import { fortioHistogram } from './fortio-histogram.ts'
import { type Call, type FortioRun, fortioSchedule } from './fortio-schedule.ts'
import { fortioStderr } from './fortio-stderr.ts'
import { unixNanos } from './instant.ts'
import { type LoadOutcome, startOf } from './outcome.ts'
import { server } from './server.ts'
import type { Subject } from './subject.ts'

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
export function runFortio(command: Command, subject: Subject): LoadOutcome {
  const flags = fortioFlags(command.argv)
  const kind = flags.grpc ? GRPC : flags.url.startsWith('tcp:') ? TCP : HTTP
  const run = fortioSchedule(flags, server(subject, flags.connections))
  const start = startOf(subject)
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
