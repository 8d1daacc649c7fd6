import type { ProcessProxy } from '../../../model/mesh.ts'
import {
  type Address,
  acceptTls,
  admitOnly,
  type Credentials,
  cluster,
  connectTls,
  httpManager,
  internal,
  type Json,
  type Leg,
  sameProtocol,
  socket,
  tcpProxy,
  tunnelHttp2,
} from './envoy-parts.ts'

/** One port of the application, followed through the chain. HTTP/1.1 and HTTP/2 share one. */
export type EndpointName = 'http' | 'grpc' | 'tcp'

interface ProxyEndpoint {
  readonly name: EndpointName
  /** The application's own address: what a tunnel is asked for. */
  readonly authority: string
  /** Where this proxy sends what came in here. */
  readonly next: Address
}

/** One proxy in its place in the chain. */
export interface ProxyPlace {
  readonly proxy: ProcessProxy
  readonly endpoints: readonly ProxyEndpoint[]
  readonly credentials: Credentials
  /** SPIFFE ids of the neighbours in the chain, where the leg to them is under mutual TLS. */
  readonly previous?: string
  readonly next?: string
  readonly accessLog: boolean
  readonly retries: number
}

/** Both in the proxy's working folder. */
export const ADMIN_SOCKET = 'admin.sock'
/** Name of the listener and of the cluster that tunnels come in by and go out by. */
export const TUNNEL = 'hbone'

/** Ports are the kernel's choice at the moment of binding: nothing can be taken between choosing and starting. */
const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/** A chain's declaration turned into what one Envoy is started with. */
export function bootstrap(place: ProxyPlace): Json {
  const listeners = [...entries(place), ...insideListeners(place), ...tunnelListeners(place)]
  const extension = {
    name: 'envoy.bootstrap.internal_listener',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
    },
  }
  return {
    admin: { address: { pipe: { path: ADMIN_SOCKET, mode: 0o600 } } },
    ...(listeners.some((listener) => 'internal_listener' in listener) ? { bootstrap_extensions: [extension] } : {}),
    static_resources: { listeners, clusters: clusters(place) },
  }
}

/** Whether what comes out of a tunnel passes a listener of its own, or goes straight to its destination. */
function readsTunnels({ proxy }: ProxyPlace): boolean {
  return proxy.accepts === 'hbone' && (proxy.layer === 'L7' || proxy.sends === 'hbone')
}

/** Requests enter a tunnel through an internal listener, bytes directly. */
function wrapsRequests({ proxy }: ProxyPlace): boolean {
  return proxy.layer === 'L7' && proxy.sends === 'hbone'
}

function entries(place: ProxyPlace): Json[] {
  if (place.proxy.accepts === 'hbone') {
    const leg = incoming(place, ['h2'])
    return [listener(TUNNEL, [admitOnly(leg.peer), terminator(place)], acceptTls(leg))]
  }
  if (place.proxy.accepts === 'plain')
    return place.endpoints.map((endpoint) => listener(endpoint.name, [filter(place, endpoint)]))
  const leg = incoming(place)
  return place.endpoints.map((endpoint) =>
    listener(endpoint.name, [admitOnly(leg.peer), filter(place, endpoint)], acceptTls(leg)),
  )
}

function listener(name: string, filters: readonly Json[], tls?: Json): Json {
  return {
    name,
    stat_prefix: name,
    address: socket(ANY_PORT),
    filter_chains: [{ filters, ...(tls ? { transport_socket: tls } : {}) }],
  }
}

function internalListener(name: string, filter: Json): Json {
  return { name, stat_prefix: name, internal_listener: {}, filter_chains: [{ filters: [filter] }] }
}

function insideListeners(place: ProxyPlace): Json[] {
  if (!readsTunnels(place)) return []
  return place.endpoints.map((endpoint) => internalListener(`inside-${endpoint.name}`, filter(place, endpoint)))
}

function tunnelListeners(place: ProxyPlace): Json[] {
  if (!wrapsRequests(place)) return []
  return place.endpoints.map((endpoint) => {
    const name = `tunnel-${endpoint.name}`
    return internalListener(name, tcpProxy(name, TUNNEL, { tunnelTo: endpoint.authority, logged: false }))
  })
}

/** What reads the traffic: requests, or bytes only. */
function filter(place: ProxyPlace, endpoint: ProxyEndpoint): Json {
  const { proxy, accessLog: logged, retries } = place
  if (proxy.layer === 'L7') {
    const retry_policy = {
      retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
      num_retries: retries,
    }
    const route = { cluster: endpoint.name, timeout: '0s', ...(retries > 0 ? { retry_policy } : {}) }
    const hosts = [{ name: endpoint.name, domains: ['*'], routes: [{ match: { prefix: '/' }, route }] }]
    return httpManager(endpoint.name, { hosts, logged })
  }
  if (proxy.sends === 'hbone') return tcpProxy(endpoint.name, TUNNEL, { tunnelTo: endpoint.authority, logged })
  return tcpProxy(endpoint.name, endpoint.name, { logged })
}

/** Ends tunnels: HTTP/2 CONNECT, sorted by the destination that was asked for. */
function terminator(place: ProxyPlace): Json {
  const hosts = place.endpoints.map((endpoint) => {
    const route = {
      cluster: readsTunnels(place) ? `inside-${endpoint.name}` : endpoint.name,
      timeout: '0s',
      upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }],
    }
    return { name: endpoint.name, domains: [endpoint.authority], routes: [{ match: { connect_matcher: {} }, route }] }
  })
  const more = {
    codec_type: 'HTTP2',
    upgrade_configs: [{ upgrade_type: 'CONNECT' }],
    stream_idle_timeout: '0s',
    http2_protocol_options: { allow_connect: true, ...tunnelHttp2 },
  }
  return httpManager(TUNNEL, { hosts, logged: place.accessLog && !readsTunnels(place), more })
}

function clusters(place: ProxyPlace): Json[] {
  const { proxy, endpoints } = place
  const inside = readsTunnels(place)
    ? endpoints.map(({ name }) => cluster(`inside-${name}`, internal(`inside-${name}`)))
    : []
  return [
    ...inside,
    ...(proxy.layer === 'L4' && proxy.sends === 'hbone'
      ? []
      : endpoints.map((endpoint) => laneCluster(place, endpoint))),
    ...tunnelClusters(place),
  ]
}

function laneCluster(place: ProxyPlace, { name, next }: ProxyEndpoint): Json {
  const http = place.proxy.layer === 'L7' ? { http: sameProtocol } : {}
  if (wrapsRequests(place)) return cluster(name, internal(`tunnel-${name}`), http)
  return cluster(name, socket(next), {
    ...http,
    ...(place.proxy.sends === 'mtls' ? { tls: connectTls(outgoing(place)) } : {}),
  })
}

function tunnelClusters(place: ProxyPlace): Json[] {
  const next = place.endpoints[0]?.next
  if (place.proxy.sends !== 'hbone' || !next) return []
  const http = { explicit_http_config: { http2_protocol_options: tunnelHttp2 } }
  return [cluster(TUNNEL, socket(next), { tls: connectTls(outgoing(place, ['h2'])), http })]
}

function incoming({ proxy, credentials, previous }: ProxyPlace, alpn?: readonly string[]): Leg {
  if (!previous) throw new TypeError(`${proxy.name} accepts mutual TLS, but nothing stands before it`)
  return { credentials, peer: previous, ...(alpn ? { alpn } : {}) }
}

function outgoing({ proxy, credentials, next }: ProxyPlace, alpn?: readonly string[]): Leg {
  if (!next) throw new TypeError(`${proxy.name} sends mutual TLS, but nothing stands behind it`)
  return { credentials, peer: next, ...(alpn ? { alpn } : {}) }
}
