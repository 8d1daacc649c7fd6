import type { Command, LoadCommands } from '../model/platform.ts'
import type { Load, Protocol } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'

/** A request that takes longer is an error. gRPC requests have no limit in fortio: there the whole run's is the only one. */
export const TIMEOUT: Seconds = 10

/** Names of what fortio writes; they become names of raw files. */
export const ACCESS_LOG = 'access.jsonl'
export const RESULT = 'fortio.json'

/**
 * With catch-up (there is no -nocatchup here): a request that is late is sent late, and its wait is in its response
 * time. Without, it would never be sent, and no percentile would know. -n is not used, since it turns the warm-up
 * request of each connection off and puts connecting into the latencies.
 */
export function fortioCommands(load: Load, target: string, dir: string, trial: string): LoadCommands {
  const outputs = { [ACCESS_LOG]: `${dir}/${trial}.${ACCESS_LOG}`, [RESULT]: `${dir}/${trial}.${RESULT}` }
  const files = ['-access-log-file', outputs[ACCESS_LOG] as string, '-json', outputs[RESULT] as string]
  const measure: Command = { ...command(load, target, load.duration, [...files, '-labels', trial]), outputs }
  if (load.warmup === 0) return { measure, opensAfter: 0 }
  return { warmup: command(load, target, load.warmup, ['-labels', `${trial} warm-up`]), measure, opensAfter: 0 }
}

function command(load: Load, target: string, duration: Seconds, more: readonly string[]): Command {
  const argv = ['load', ...shape(load, duration), ...protocol(load), ...quiet, ...more, address(load.protocol, target)]
  return { program: 'fortio', argv, within: duration + 3 * TIMEOUT + 30 }
}

function shape({ rate, connections }: Load, duration: Seconds): string[] {
  // Without -uniform all connections send at the same moment, and so queue behind each other.
  return ['-qps', rate === 'max' ? '0' : `${rate}`, '-c', `${connections}`, '-t', `${duration}s`, '-uniform']
}

function protocol({ protocol, payload }: Load): string[] {
  const kind: Record<Protocol, readonly string[]> = {
    http: ['-httpccch'],
    http2: ['-h2'],
    grpc: ['-grpc', '-ping'],
    tcp: [],
  }
  const kilobytes = Math.ceil(payload / 1024)
  // Answers that outgrow the buffer leave bytes in the socket, and every answer after that is garbage.
  const buffer = ['-httpbufferkb', `${512 + kilobytes}`, '-timeout', `${TIMEOUT}s`, '-r', '0.0001']
  const body = payload > 0 ? ['-payload-size', `${payload}`, '-maxpayloadsizekb', `${Math.max(256, kilobytes)}`] : []
  return [...kind[protocol], ...buffer, ...body]
}

/** At this level fortio says when it sends a request again on a new connection: it counts that nowhere. */
const quiet = ['-log-errors=false', '-loglevel', 'Info', '-logger-no-color']

function address(protocol: Protocol, target: string): string {
  if (protocol === 'grpc') return target
  if (protocol === 'tcp') return `tcp://${target.replace(/^\w+:\/\//, '').replace(/\/.*$/, '')}`
  return target.includes('://') ? target : `http://${target}`
}
