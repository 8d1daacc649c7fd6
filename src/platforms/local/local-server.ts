import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../model/failure.ts'
import type { EndpointName } from './envoy/envoy-bootstrap.ts'
import type { Address } from './envoy/envoy-parts.ts'
import { type Child, describeEnd, lastLines, startChild } from './processes-of-arm.ts'

interface ServerOptions {
  readonly program: string
  readonly endpoints: readonly EndpointName[]
  /** Seconds that each HTTP answer is held back. */
  readonly delay: number
  readonly env: Readonly<Record<string, string>>
  readonly dir: string
  readonly cpus?: string | undefined
}

export interface Server {
  readonly child: Child
  readonly addresses: ReadonlyMap<EndpointName, Address>
}

/** Seconds until every port is open. */
const PATIENCE = 10
const TITLES: Readonly<Record<EndpointName, string>> = { http: 'http-echo', grpc: "grpc 'ping'", tcp: 'tcp-echo' }

/** The application: a fortio server that sends back what it gets, on ports that the kernel chose. */
export async function startServer(options: ServerOptions, signal: AbortSignal): Promise<Server> {
  const { program, env, dir, cpus } = options
  const log = join(dir, 'log.txt')
  const child = await startChild({ name: 'server', program, argv: serverArgv(options), env, cwd: dir, log, cpus })
  try {
    return { child, addresses: await untilListening(child, options.endpoints, signal) }
  } catch (error) {
    await child.stop()
    throw error
  }
}

export function serverArgv({ endpoints, delay }: Pick<ServerOptions, 'endpoints' | 'delay'>): string[] {
  const port = (endpoint: EndpointName) => (endpoints.includes(endpoint) ? '127.0.0.1:0' : 'disabled')
  const held = `${Math.round(delay * 1e6)}us`
  return [
    'server',
    ...['-http-port', port('http'), '-grpc-port', port('grpc'), '-tcp-port', port('tcp')],
    ...['-udp-port', 'disabled', '-redirect-port', 'disabled', '-config-port', ''],
    ...['-ui-path', '', '-echo-debug-path', '', '-loglevel', 'info'],
    // An idle connection that the server closes while a proxy is about to use it again would be an error of ours.
    ...['-server-idle-timeout', '1h'],
    ...(delay > 0 ? ['-echo-server-default-params', `delay=${held}`, '-max-echo-delay', held] : []),
  ]
}

async function untilListening(child: Child, endpoints: readonly EndpointName[], signal: AbortSignal) {
  const deadline = performance.now() + PATIENCE * 1000
  for (;;) {
    signal.throwIfAborted()
    const addresses = parseServerLog(readFileSync(child.log, 'utf8'))
    if (endpoints.every((endpoint) => addresses.has(endpoint))) return addresses
    const ended = child.end()
    if (ended || performance.now() > deadline) {
      throw new Failure('server-refused', `the server ${ended ? describeEnd(ended) : 'opens no ports'}`, {
        cause: lastLines(child.log, 1),
        remedy: 'Check that `fortio server` works on this machine; `meshbench doctor` shows which fortio is used.',
      })
    }
    await sleep(5)
  }
}

/** `Fortio 1.68.0 http-echo server listening on tcp 127.0.0.1:39233`, once for each port. */
export function parseServerLog(log: string): ReadonlyMap<EndpointName, Address> {
  const endpoints = Object.entries(TITLES) as [EndpointName, string][]
  return new Map(
    endpoints.flatMap(([endpoint, title]) => {
      const found = new RegExp(`${title} server listening on tcp ([\\d.]+):(\\d+)`).exec(log)
      return found?.[1] ? [[endpoint, { host: found[1], port: Number(found[2]) }] as const] : []
    }),
  )
}
