import type { Carried, Evidence } from '../model/usage.ts'
import { type Edges, grown, level, type Which } from './counters.ts'
import { begins, connectionsEvidence, USED } from './proof.ts'

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
export function envoyCarried(pods: readonly Edges[], { http, tcp }: Listeners): Carried {
  const requests = grown(pods, `${HTTP}_rq_total`, http)
  const connections = grown(pods, 'envoy_tcp_downstream_cx_total', tcp)
  const bytes = grown(pods, 'envoy_tcp_downstream_cx_tx_bytes_total', tcp)
  return requests > 0 || (connections === 0 && bytes === 0) ? { requests } : { connections, bytes }
}

/**
 * Connections without TLS that could have carried something within the window: new ones, and those that were open at
 * either edge, since a warm-up may have opened them.
 */
export function envoyPlain(pods: readonly Edges[], { http, shared, tcp }: Listeners): number {
  if (grown(pods, 'envoy_tcp_downstream_cx_tx_bytes_total', tcp) > 0 && shared) return sharedPlain(pods, shared)
  const fresh = grown(pods, `${HTTP}_cx_total`, http) - grown(pods, `${HTTP}_cx_ssl_total`, http)
  const open = (edge: 'before' | 'after') =>
    level(pods, edge, `${HTTP}_cx_active`, http) - level(pods, edge, `${HTTP}_cx_ssl_active`, http)
  return Math.max(0, fresh, open('before'), open('after'))
}

/** Envoy's TCP proxies do not tell TLS from plain text; the listener that they share does, since its start. */
function sharedPlain(pods: readonly Edges[], which: Which): number {
  const accepted = level(pods, 'after', 'envoy_listener_downstream_cx_total', which)
  return accepted - level(pods, 'after', 'envoy_listener_ssl_handshake', which)
}

const CIPHER = /^envoy_listener_ssl_(?:versions|ciphers|curves)_(.+)$/

/** TLS versions, ciphers and key exchanges that came about. */
export function envoyCiphers(pods: readonly Edges[], { shared }: Listeners): Evidence[] {
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
  client: readonly Edges[],
  server: readonly Edges[],
  { http }: Listeners,
  service: string,
): Evidence[] {
  const most = (pods: readonly Edges[], name: string, which: Which) =>
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
