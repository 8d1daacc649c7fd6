/** The pieces of Envoy's configuration that chains are built from; field names are those of Envoy's v3 API. */

export type Json = Readonly<Record<string, unknown>>

export interface Address {
  readonly host: string
  readonly port: number
}

/** Certificate files of one identity, as paths. */
export interface Credentials {
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

/** One side of a mutual TLS connection: who we are, and the only peer that is accepted. */
export interface Leg {
  readonly credentials: Credentials
  /** SPIFFE id. */
  readonly peer: string
  readonly alpn?: readonly string[]
}

function typed(name: string, type: string, config: Json = {}): Json {
  return { name, typed_config: { '@type': `type.googleapis.com/${type}`, ...config } }
}

export function socket({ host, port }: Address): Json {
  return { socket_address: { address: host, port_value: port } }
}

export function internal(listener: string): Json {
  return { envoy_internal_address: { server_listener_name: listener } }
}

const TLS = 'envoy.extensions.transport_sockets.tls.v3'

/** TLS 1.3 only, our certificate shown, the peer's demanded, checked against the run's authority and its SPIFFE id. */
function tlsContext({ credentials, peer, alpn }: Leg): Json {
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [
      { certificate_chain: { filename: credentials.certificate }, private_key: { filename: credentials.key } },
    ],
    validation_context: {
      trusted_ca: { filename: credentials.authority },
      match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peer } }],
    },
    ...(alpn ? { alpn_protocols: alpn } : {}),
  }
}

export function acceptTls(leg: Leg): Json {
  return typed('envoy.transport_sockets.tls', `${TLS}.DownstreamTlsContext`, {
    common_tls_context: tlsContext(leg),
    require_client_certificate: true,
  })
}

export function connectTls(leg: Leg): Json {
  return typed('envoy.transport_sockets.tls', `${TLS}.UpstreamTlsContext`, { common_tls_context: tlsContext(leg) })
}

/**
 * Lets only the expected peer pass, and counts connections that did. TLS has refused all others before; the counter is
 * what proves it, once for each connection.
 */
export function admitOnly(peer: string): Json {
  return typed('envoy.filters.network.rbac', 'envoy.extensions.filters.network.rbac.v3.RBAC', {
    stat_prefix: 'peer.',
    rules: {
      action: 'ALLOW',
      policies: {
        peer: {
          permissions: [{ any: true }],
          principals: [{ authenticated: { principal_name: { exact: peer } } }],
        },
      },
    },
  })
}

const accessLog: Json = typed('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
  path: 'access.log',
})

/** An HTTP connection manager that routes by the rules given. */
export function httpManager(name: string, about: { hosts: readonly Json[]; logged: boolean; more?: Json }): Json {
  return typed(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: name,
      route_config: { virtual_hosts: about.hosts },
      http_filters: [typed('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router')],
      ...(about.logged ? { access_log: [accessLog] } : {}),
      ...about.more,
    },
  )
}

export function tcpProxy(name: string, cluster: string, about: { tunnelTo?: string; logged: boolean }): Json {
  return typed('envoy.filters.network.tcp_proxy', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: name,
    cluster,
    idle_timeout: '0s',
    ...(about.tunnelTo ? { tunneling_config: { hostname: about.tunnelTo } } : {}),
    ...(about.logged ? { access_log: [accessLog] } : {}),
  })
}

/** Envoy would stop at 1024 connections or requests in flight; meshes lift that limit. */
const UNLIMITED = 4_294_967_295
const LIMITS = {
  max_connections: UNLIMITED,
  max_pending_requests: UNLIMITED,
  max_requests: UNLIMITED,
  max_retries: UNLIMITED,
}

export function cluster(name: string, address: Json, about: { tls?: Json; http?: Json } = {}): Json {
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    circuit_breakers: { thresholds: [LIMITS] },
    ...(about.tls ? { transport_socket: about.tls } : {}),
    ...(about.http
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              ...about.http,
            },
          },
        }
      : {}),
  }
}

/** What arrives as HTTP/1.1 leaves as HTTP/1.1, what arrives as HTTP/2 leaves as HTTP/2: as in a sidecar. */
export const sameProtocol: Json = {
  use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
}

/** HTTP/2 as tunnels use it. Windows and streams per connection are ztunnel's. */
export const tunnelHttp2: Json = {
  max_concurrent_streams: 100,
  initial_stream_window_size: 4 * 1024 ** 2,
  initial_connection_window_size: 16 * 1024 ** 2,
}
