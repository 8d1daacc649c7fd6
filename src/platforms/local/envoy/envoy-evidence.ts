import { USED } from '../../../meshes/proof.ts'
import type { ProcessProxy, Settings } from '../../../model/mesh.ts'
import { formatSize } from '../../../model/units.ts'
import type { Carried, Evidence } from '../../../model/usage.ts'
import { type Counters, type InForce, kinds, type ServerInfo, total } from './envoy-admin.ts'

/** One proxy of the chain and its counters at both snapshots of the window. */
export interface Hop {
  readonly proxy: ProcessProxy
  readonly info: ServerInfo
  readonly inForce: InForce
  readonly before: Counters
  readonly after: Counters
}

const SOURCE = "Envoy's admin socket"
const count = (value: number, one: string, many = `${one}s`) =>
  `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`

/** What a hop carried within the window: requests where it reads them, else connections and the bytes of the answers. */
function carriedBy({ proxy, before, after }: Hop): Carried {
  const grown = (name: RegExp) => total(after, name) - total(before, name)
  if (proxy.layer === 'L7') return { requests: grown(/^http\.(http|grpc)\.downstream_rq_completed$/) }
  if (proxy.accepts === 'hbone') {
    const open = total(before, /^http\.hbone\.downstream_rq_active$/)
    return {
      connections: open + grown(/^http\.hbone\.downstream_rq_total$/),
      bytes: grown(/^cluster\.(http|grpc|tcp)\.upstream_cx_rx_bytes_total$/),
    }
  }
  return {
    connections: grown(/^tcp\.[a-z]+\.downstream_cx_total$/),
    bytes: grown(/^tcp\.[a-z]+\.downstream_cx_tx_bytes_total$/),
  }
}

/** Whether a hop was passed at all. Bytes count, since connections may have been opened before the window. */
function busy(hop: Hop): boolean {
  const { requests, bytes } = carriedBy(hop)
  return (requests ?? bytes ?? 0) > 0
}

function describe({ requests, connections = 0, bytes = 0 }: Carried): string {
  return requests === undefined
    ? `${count(connections, 'connection')} with ${formatSize(bytes)} of answers`
    : count(requests, 'request')
}

/** What the chain's hop with the strongest proof carried: requests where one reads them, else the last tunnel's content. */
export function carriedByChain(hops: readonly Hop[]): Carried | undefined {
  const proven = hops.filter(({ proxy }) => proxy.accepts !== 'plain')
  const hop = proven.findLast(({ proxy }) => proxy.layer === 'L7') ?? proven.at(-1)
  return hop && carriedBy(hop)
}

/** Everything that the proxies themselves say of a window. */
export function evidenceOf(hops: readonly Hop[], settings: Settings): Evidence[] {
  return [
    mutualTls(hops),
    identity(hops),
    path(hops),
    layer(hops),
    ...connections(hops),
    threads(hops, Number(settings['concurrency'])),
    retries(hops, Number(settings['retries'] ?? 0)),
    accessLog(hops, settings['accessLog'] === true),
    fact('cipher', hops, ({ after }) => kinds(after, /^listener\..*\.ssl\.(?:ciphers|curves)\.(.+)$/).join(', ')),
    fact('proxy-version', hops, ({ info }) => `Envoy ${info.version}`),
  ]
}

/**
 * A listener that demands client certificates admits nothing else, so requests counted behind it came under mutual TLS:
 * provided that every connection there was a TLS one, and that none got through without a certificate.
 */
function mutualTls(hops: readonly Hop[]): Evidence {
  const proofs = hops.filter(({ proxy }) => proxy.accepts !== 'plain').map(proveTls)
  return {
    name: 'mtls',
    holds: proofs.length > 0 && proofs.every(({ holds }) => holds),
    seen: proofs.map(({ seen }) => seen).join(' '),
    source: SOURCE,
  }
}

function proveTls(hop: Hop): { holds: boolean; seen: string } {
  const { proxy, after } = hop
  const handshakes = total(after, /^listener\..*\.ssl\.handshake$/)
  const failed = total(after, /^listener\..*\.ssl\.(connection_error|fail_verify_.*)$/)
  const anonymous = total(after, /^listener\..*\.ssl\.no_certificate$/)
  const versions = kinds(after, /^listener\..*\.ssl\.versions\.(.+)$/)
  const http = proxy.accepts === 'hbone' ? 'hbone' : '(http|grpc)'
  const served = total(after, new RegExp(`^http\\.${http}\\.downstream_cx_total$`))
  const plain = served - total(after, new RegExp(`^http\\.${http}\\.downstream_cx_ssl_total$`))
  const holds =
    busy(hop) && handshakes > 0 && failed === 0 && anonymous === 0 && plain === 0 && versions.join() === 'TLSv1.3'
  const seen =
    `${proxy.name}: ${describe(carriedBy(hop))} in the window, behind listeners that demand client certificates; since its ` +
    `start ${count(handshakes, 'handshake')} (${versions.join(', ') || 'no TLS'}), ${failed} failed, ${anonymous} without a ` +
    `certificate, ${count(plain, 'connection')} without TLS.`
  return { holds, seen }
}

/** Both ends check the other's SPIFFE id; the accepting end also counts connections from the one identity that it admits. */
function identity(hops: readonly Hop[]): Evidence {
  const accepting = hops.filter(({ proxy }) => proxy.accepts !== 'plain')
  const sending = hops.filter(({ proxy }) => proxy.sends !== 'plain')
  const sum = (some: readonly Hop[], name: RegExp) => some.reduce((all, { after }) => all + total(after, name), 0)
  const counts = accepting.map(({ after }) => total(after, /^peer\.rbac\.allowed$/))
  const admitted = counts.reduce((all, value) => all + value, 0)
  const denied = sum(accepting, /^peer\.rbac\.denied$/)
  const checked = sum(sending, /^cluster\..*\.ssl\.handshake$/)
  const wrong = sum(hops, /\.ssl\.fail_verify_(san|error|cert_hash|no_cert)$/)
  return {
    name: 'identity',
    holds: counts.length > 0 && counts.every((value) => value > 0) && checked > 0 && denied === 0 && wrong === 0,
    seen:
      `${count(admitted, 'connection')} came with the one SPIFFE id that is admitted, ${denied} with another; the sending ` +
      `side checked the accepting side's in ${count(checked, 'handshake')}; ${count(wrong, 'certificate')} refused.`,
    source: SOURCE,
  }
}

/** Every hop was passed, and those that count requests agree to 1 %, so that nothing went around one. */
function path(hops: readonly Hop[]): Evidence {
  const requests = hops.flatMap((hop) => carriedBy(hop).requests ?? [])
  const agree = requests.length === 0 || Math.min(...requests) >= 0.99 * Math.max(...requests)
  return {
    name: 'path',
    holds: hops.every(busy) && agree,
    seen: hops.map((hop) => `${hop.proxy.name}: ${describe(carriedBy(hop))}`).join(' → '),
    source: SOURCE,
  }
}

/** What each proxy has open to the next one, and how it uses it. */
function connections(hops: readonly Hop[]): Evidence[] {
  const told = hops.flatMap(({ proxy, before, after }, index) => {
    const next = hops[index + 1]
    const name = /^cluster\.[a-z]+\.upstream_cx_active$/
    const open = Math.max(total(before, name), total(after, name))
    if (!next || open === 0) return []
    const how = (['http1', 'http2'] as const).filter((one) => {
      return total(after, new RegExp(`^cluster\\.[a-z]+\\.upstream_cx_${one}_total$`)) > 0
    })
    const used =
      next.proxy.accepts === 'hbone' ? ['HBONE, connections side by side on each'] : how.map((one) => USED[one])
    return [`${proxy.name} → ${next.proxy.name}: ${[count(open, 'connection'), ...used].join(', ')}`]
  })
  return told.length === 0 ? [] : [{ name: 'connections', seen: told.join('; '), source: SOURCE }]
}

function layer(hops: readonly Hop[]): Evidence {
  const layers = hops.map(({ proxy }) => `${proxy.name}: ${proxy.layer === 'L7' ? 'requests (L7)' : 'bytes (L4)'}`)
  return { name: 'layer', seen: layers.join(', '), source: 'configuration' }
}

function threads(hops: readonly Hop[], wanted: number): Evidence {
  const seen = hops.map(({ proxy, info }) => `${proxy.name}: ${count(info.threads, 'worker thread')}`).join(', ')
  const holds = wanted === 0 || hops.every(({ info }) => info.threads === wanted)
  return { name: 'threads', holds, seen, source: SOURCE }
}

function retries(hops: readonly Hop[], wanted: number): Evidence {
  const allowed = Math.max(...hops.map(({ inForce }) => inForce.retries))
  const retry = /^cluster\.[a-z]+\.upstream_rq_retry$/
  const done = hops.reduce((all, { before, after }) => all + total(after, retry) - total(before, retry), 0)
  const seen = `${count(done, 'retry', 'retries')} in the window; ${allowed} allowed for a request`
  return { name: 'retries', holds: allowed === wanted, seen, source: SOURCE }
}

function accessLog(hops: readonly Hop[], wanted: boolean): Evidence {
  const logs = hops.reduce((all, { inForce }) => all + inForce.accessLogs, 0)
  const seen = logs === 0 ? 'no proxy writes an access log' : `${count(logs, 'access log')} written by the proxies`
  return { name: 'access-log', holds: logs > 0 === wanted, seen, source: SOURCE }
}

/** A fact about all proxies: said once where it is the same for all. */
function fact(name: string, hops: readonly Hop[], of: (hop: Hop) => string): Evidence {
  const told = hops.map((hop) => ({ proxy: hop.proxy.name, text: of(hop) })).filter(({ text }) => text !== '')
  const same = new Set(told.map(({ text }) => text)).size === 1
  const seen = same ? (told[0]?.text ?? '') : told.map(({ proxy, text }) => `${proxy}: ${text}`).join('; ')
  return { name, seen: seen || 'none', source: SOURCE }
}
