import { once } from 'node:events'
import { request } from 'node:http'
import { ADMIN_SOCKET } from './envoy-bootstrap.ts'
import type { Address } from './envoy-parts.ts'

/** For one answer, in milliseconds. */
const PATIENCE = 2000

/**
 * Asks an Envoy's admin socket. It is reached through the process's own working folder, which keeps the path under the
 * 107 bytes that a socket's address may have, wherever the scratch folder is.
 */
export async function askAdmin(pid: number, path: string): Promise<string> {
  const asking = request({ socketPath: `/proc/${pid}/cwd/${ADMIN_SOCKET}`, path, agent: false, timeout: PATIENCE })
  asking.on('timeout', () => asking.destroy(new Error('Envoy does not answer on its admin socket')))
  asking.end()
  const [response] = await once(asking, 'response')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  if (response.statusCode !== 200) throw new Error(`Envoy's admin socket answers ${path} with ${response.statusCode}`)
  return text
}

/** `/listeners?format=json` → addresses by listener name; internal listeners have no port and are left out. */
export function parseListeners(text: string): ReadonlyMap<string, Address> {
  const { listener_statuses = [] } = JSON.parse(text) as {
    listener_statuses?: { name: string; local_address: { socket_address?: { address: string; port_value?: number } } }[]
  }
  return new Map(
    listener_statuses.flatMap(({ name, local_address: { socket_address } }) =>
      socket_address?.port_value
        ? [[name, { host: socket_address.address, port: socket_address.port_value }] as const]
        : [],
    ),
  )
}

/** What an Envoy says of itself. */
export interface ServerInfo {
  readonly version: string
  readonly threads: number
}

/** `/server_info`; its version reads `commit/1.40.0/Clean/RELEASE/BoringSSL`. */
export function parseServerInfo(text: string): ServerInfo {
  const info = JSON.parse(text) as { version: string; command_line_options: { concurrency: number } }
  return { version: info.version.split('/')[1] ?? info.version, threads: info.command_line_options.concurrency }
}

/** Settings that are in force, counted in `/config_dump?resource=static_listeners`. */
export interface InForce {
  readonly accessLogs: number
  readonly retries: number
}

export function parseConfigDump(text: string): InForce {
  const count = (key: string) => text.split(`"${key}":`).length - 1
  const retries = [...text.matchAll(/"num_retries":\s*(\d+)/g)].map(([, times]) => Number(times))
  return { accessLogs: count('access_log'), retries: Math.max(0, ...retries) }
}

/** Counters and gauges by name. What Envoy has not counted yet is absent: read it as 0. */
export type Counters = ReadonlyMap<string, number>

/** The few counters, of Envoy's thousand, that evidence is made of. Internal listeners have a hyphen and stay out. */
const WANTED = [
  'listener\\.[a-z]+\\.(downstream_cx_total|ssl\\..*)',
  'http\\.[a-z]+\\.downstream_(rq_(completed|total|active)|cx_(total|ssl_total))',
  'tcp\\.[a-z]+\\.downstream_cx_(total|tx_bytes_total)',
  'cluster\\.[a-z]+\\.(ssl\\..*|upstream_rq_retry|upstream_cx_(rx_bytes_total|active|http1_total|http2_total))',
  'peer\\.rbac\\.(allowed|denied)',
].join('|')

const STATS_PATH = `/stats?filter=${encodeURIComponent(`^(${WANTED})$`)}`

export async function readCounters(pid: number): Promise<Counters> {
  return parseCounters(await askAdmin(pid, STATS_PATH))
}

/** Envoy's plain text: `listener.http.ssl.handshake: 8`, one a line. Histograms hold no plain number and are left out. */
export function parseCounters(text: string): Counters {
  return new Map(
    [...text.matchAll(/^([^\n:]+): (\d+)$/gm)].map(([, name, value]) => [name as string, Number(value)] as const),
  )
}

/** Sum of all counters whose name matches. */
export function total(counters: Counters, name: RegExp): number {
  let sum = 0
  for (const [key, value] of counters) if (name.test(key)) sum += value
  return sum
}

/** Last parts of the names that match and have been counted: ciphers, TLS versions. */
export function kinds(counters: Counters, name: RegExp): string[] {
  const found = [...counters].flatMap(([key, value]) => (value > 0 ? [name.exec(key)?.[1]] : []))
  return [...new Set(found.filter((kind) => kind !== undefined))].sort()
}
