import { askAdmin } from './admin.ts'

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

export const STATS_PATH = `/stats?filter=${encodeURIComponent(`^(${WANTED})$`)}`

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
