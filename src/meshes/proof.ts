import type { Counters, Sample } from '../model/mesh.ts'
import { formatSize } from '../model/units.ts'
import type { Carried, Evidence } from '../model/usage.ts'

/** What a proxy counted within the window: under mutual TLS, and besides. */
export interface Counted {
  readonly carried: Carried
  /** Requests or connections that came without mutual TLS. */
  readonly plain: number
  readonly source: string
}

/** Nothing carried proves nothing, and one plain connection is one too many. */
export function mtlsEvidence({ carried, plain, source }: Counted, who: string): Evidence {
  const what = carried.requests === undefined ? 'connection' : 'request'
  return {
    name: 'mtls',
    holds: isSome(carried) && plain === 0,
    seen: `${who}: ${describe(carried)} under mutual TLS, ${count(plain, what)} without.`,
    source,
  }
}

/** A window whose counters were not read proves nothing. */
export function nothingCounted(who: string): Evidence {
  return { name: 'mtls', holds: false, seen: `No counters of ${who} could be read.`, source: 'metrics' }
}

const AGREE = 0.95

/** One hop of the way from client to server. */
interface Hop {
  readonly name: string
  readonly carried: Carried
}

/**
 * Whether every hop was passed, and whether those that count requests agree, so that nothing went around one. To 5 %: the
 * hops are read one after the other, and where a tool warms up within its own process, load passes meanwhile.
 */
export function pathEvidence(hops: readonly Hop[], source: string): Evidence {
  const requests = hops.flatMap(({ carried }) => carried.requests ?? [])
  const agree = requests.length === 0 || Math.min(...requests) >= AGREE * Math.max(...requests)
  return {
    name: 'path',
    holds: agree && hops.every(({ carried }) => isSome(carried)),
    seen: hops.map(({ name, carried }) => `${name}: ${describe(carried)}`).join(' → '),
    source,
  }
}

export function isSome({ requests = 0, connections = 0, bytes = 0 }: Carried): boolean {
  return requests > 0 || connections > 0 || bytes > 0
}

function describe({ requests, connections = 0, bytes = 0 }: Carried): string {
  if (requests !== undefined) return count(requests, 'request')
  return `${count(connections, 'new connection')} with ${formatSize(bytes)} of answers`
}

/**
 * How many connections the proxies have between them: a pool of many that carry one request at a time, or a few that carry
 * them side by side, is a part of what an architecture costs. A fact, without a claim; none where nothing was counted.
 */
export function connectionsEvidence(open: number, between: string, how: string, source: string): Evidence[] {
  if (open === 0) return []
  return [{ name: 'connections', seen: `${count(open, 'connection')} ${between}${how && `: ${how}`}`, source }]
}

/** How a connection is used, by the protocol that was spoken on it. */
export const USED = {
  http1: 'HTTP/1.1, one request at a time on each',
  http2: 'HTTP/2, requests side by side on each',
} as const

/** A proxy and the gauge by which it tells its worker threads. */
interface Threaded {
  readonly name: string
  readonly pods: readonly PodCounters[]
  readonly gauge: string
}

/** The worker threads that the proxies themselves report; `wanted` 0 claims nothing. */
export function threadsEvidence(
  proxies: readonly Threaded[],
  wanted: number,
  rule: ThreadRule = isExactly,
): Evidence[] {
  const known = proxies
    .flatMap(({ name, pods, gauge }) =>
      pods.map((pod) => ({ name, threads: level([pod], 'after', gauge), cpus: pod.cpus })),
    )
    .filter(({ threads }) => threads > 0)
  if (known.length === 0) return []
  const seen = new Set(known.map(({ name, threads }) => `${name}: ${count(threads, 'worker thread')}`))
  const claim = wanted > 0 && { holds: known.every(({ threads, cpus }) => rule(threads, wanted, cpus)) }
  return [{ name: 'threads', ...claim, seen: [...seen].join(', '), source: 'metrics' }]
}

type ThreadRule = (threads: number, wanted: number, cpus: number | undefined) => boolean

const isExactly: ThreadRule = (threads, wanted) => threads === wanted

/** Of a proxy that takes no more threads than it sees CPUs, whatever is asked for; fewer than both is another setting. */
export const asManyAsFit: ThreadRule = (threads, wanted, cpus = wanted) => threads === Math.min(wanted, cpus)

export function count(value: number, one: string): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : `${one}s`}`
}

/** A choice of series by the start of one label. */
function begins(label: string, start: string): Which {
  return (labels) => labels[label]?.startsWith(start) === true
}

/** One scraped pod at both snapshots of a window. */
export type PodCounters = Counters[string][number]

/** A choice of series by their labels. */
export type Labels = Sample['labels']
export type Which = (labels: Labels) => boolean

const ALL: Which = () => true

/**
 * How much a counter grew within the window, over all pods and all series that are chosen. A series that was not there
 * at the opening snapshot began at 0; one that fell was begun anew, so what it shows has grown since.
 */
export function grown(pods: readonly PodCounters[], name: string, which: Which = ALL): number {
  return pods.reduce((sum, { before, after }) => {
    const opening = new Map(chosen(before, name, which).map((sample) => [seriesKey(sample), sample.value]))
    const growth = chosen(after, name, which).map((sample) => {
      const from = opening.get(seriesKey(sample)) ?? 0
      return sample.value < from ? sample.value : sample.value - from
    })
    return sum + total(growth)
  }, 0)
}

/** What a gauge shows, or a counter since its start, at one snapshot. */
export function level(
  pods: readonly PodCounters[],
  when: 'before' | 'after',
  name: string,
  which: Which = ALL,
): number {
  return total(pods.flatMap((pod) => chosen(pod[when], name, which).map(({ value }) => value)))
}

/** Whether any pod has such a series at the closing snapshot. */
export function counts(pods: readonly PodCounters[], name: string, which: Which = ALL): boolean {
  return pods.some(({ after }) => chosen(after, name, which).length > 0)
}

function chosen(samples: readonly Sample[], name: string, which: Which): Sample[] {
  return samples.filter((sample) => sample.name === name && which(sample.labels))
}

function seriesKey({ labels }: Sample): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

const REQUESTS = 'istio_requests_total'
const OPENED = 'istio_tcp_connections_opened_total'
/** Of the answers: Istio counts from where the server stands. */
const SENT = 'istio_tcp_sent_bytes_total'

const isMtls = ({ connection_security_policy }: Labels) => connection_security_policy === 'mutual_tls'

/** What Istio's own telemetry counted at one place of the way; undefined where it counted nothing since its start. */
export function istioCounted(pods: readonly PodCounters[], reporter: string, which?: Which): Counted | undefined {
  const at: Which = (labels) => labels['reporter'] === reporter && (which?.(labels) ?? true)
  if (![REQUESTS, OPENED].some((name) => counts(pods, name, at))) return undefined
  const mtls: Which = (labels) => at(labels) && isMtls(labels)
  const plain: Which = (labels) => at(labels) && !isMtls(labels)
  const requests = grown(pods, REQUESTS, mtls)
  const plainRequests = grown(pods, REQUESTS, plain)
  const connections = grown(pods, OPENED, mtls)
  const bytes = grown(pods, SENT, mtls)
  const overTcp = requests + plainRequests === 0 && counts(pods, OPENED, at)
  return {
    carried: overTcp ? { connections, bytes } : { requests },
    plain: overTcp ? grown(pods, OPENED, plain) || Number(grown(pods, SENT, plain) > 0) : plainRequests,
    source: "Istio's telemetry",
  }
}

/** Which of Envoy's listeners are meant: labels that choose its connection managers and its TCP proxies. */
export interface Listeners {
  readonly http: Which
  readonly tcp: Which
  /** The one listener behind which all of them are; absent where that is not known. */
  readonly shared?: Which
}

export const ISTIO_INBOUND: Listeners = {
  http: begins('http_conn_manager_prefix', 'inbound_'),
  // `inbound|` beside a pod, `inbound-vip|` in a waypoint.
  tcp: begins('tcp_prefix', 'inbound'),
  shared: ({ listener_address }) => listener_address?.endsWith('_15006') === true,
}

export const ISTIO_OUTBOUND: Listeners = {
  http: begins('http_conn_manager_prefix', 'outbound_'),
  tcp: begins('tcp_prefix', 'outbound|'),
}

const HTTP = 'envoy_http_downstream'

/** Requests where Envoy read any, else new connections and the bytes of the answers. */
export function envoyCarried(pods: readonly PodCounters[], { http, tcp }: Listeners): Carried {
  const requests = grown(pods, `${HTTP}_rq_total`, http)
  const connections = grown(pods, 'envoy_tcp_downstream_cx_total', tcp)
  const bytes = grown(pods, 'envoy_tcp_downstream_cx_tx_bytes_total', tcp)
  return requests > 0 || (connections === 0 && bytes === 0) ? { requests } : { connections, bytes }
}

/**
 * Connections without TLS that could have carried something within the window: new ones, and those that were open at
 * either snapshot, since a warm-up may have opened them.
 */
export function envoyPlain(pods: readonly PodCounters[], { http, shared, tcp }: Listeners): number {
  if (grown(pods, 'envoy_tcp_downstream_cx_tx_bytes_total', tcp) > 0 && shared) return sharedPlain(pods, shared)
  const fresh = grown(pods, `${HTTP}_cx_total`, http) - grown(pods, `${HTTP}_cx_ssl_total`, http)
  const open = (when: 'before' | 'after') =>
    level(pods, when, `${HTTP}_cx_active`, http) - level(pods, when, `${HTTP}_cx_ssl_active`, http)
  return Math.max(0, fresh, open('before'), open('after'))
}

/** Envoy's TCP proxies do not tell TLS from plain text; the listener that they share does, since its start. */
function sharedPlain(pods: readonly PodCounters[], which: Which): number {
  const accepted = level(pods, 'after', 'envoy_listener_downstream_cx_total', which)
  return accepted - level(pods, 'after', 'envoy_listener_ssl_handshake', which)
}

const CIPHER = /^envoy_listener_ssl_(?:versions|ciphers|curves)_(.+)$/

/** TLS versions, ciphers and key exchanges that came about. */
export function envoyCiphers(pods: readonly PodCounters[], { shared }: Listeners): Evidence[] {
  const names = pods.flatMap(({ after }) =>
    after.flatMap(({ name, labels, value }) => {
      const found = value > 0 && shared?.(labels) ? CIPHER.exec(name)?.[1] : undefined
      return found === undefined ? [] : [found]
    }),
  )
  if (names.length === 0) return []
  return [{ name: 'cipher', seen: [...new Set(names)].sort().join(', '), source: 'metrics' }]
}

/**
 * Connections from the client's Envoy to the server's: of the client's own clusters where it counts them, else as the server
 * has them. Each port of the server is a cluster, which keeps its connections when a load at another port is measured.
 */
export function envoyConnections(
  client: readonly PodCounters[],
  server: readonly PodCounters[],
  { http }: Listeners,
  service: string,
): Evidence[] {
  const most = (pods: readonly PodCounters[], name: string, which: Which) =>
    Math.max(level(pods, 'before', name, which), level(pods, 'after', name, which))
  const toServer: Which = ({ cluster_name }) =>
    cluster_name?.startsWith('outbound|') === true &&
    cluster_name.includes(service) &&
    grown(client, 'envoy_cluster_upstream_cx_rx_bytes_total', (labels) => labels['cluster_name'] === cluster_name) > 0
  const upstream = (name: string) => most(client, `envoy_cluster_upstream_cx_${name}`, toServer)
  const how = (['http1', 'http2'] as const).filter((protocol) => upstream(`${protocol}_total`) > 0)
  const open = upstream('active') || most(server, `${HTTP}_cx_active`, http)
  const words = how.map((protocol) => USED[protocol]).join('; ')
  return connectionsEvidence(open, 'between the proxies', words, "Envoy's counters")
}
