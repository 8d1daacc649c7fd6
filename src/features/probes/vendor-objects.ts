import type { KubernetesObject } from '../../model/mesh.ts'
import { PROBE_PROVIDERS } from '../../model/probe-providers.ts'
import { type Means, outsideOf, VERSIONS, type Where } from '../feature-probe.ts'

/** Meshes that read requests and take routes of the Gateway API for a Service. */
export const ROUTED = ['istio-sidecar', 'istio-ambient-waypoint', 'linkerd'] as const
/** Every mesh. */
export const ALL = ['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd'] as const

const AMBIENT = 'https://istio.io/latest/docs/ambient/overview/'

/** What `none` and a ztunnel alone say to everything that needs somebody who reads requests. */
export const NEEDS_L7: Readonly<Record<string, Means>> = {
  none: {
    unsupported: 'There is no mesh.',
    source: 'https://kubernetes.io/docs/concepts/services-networking/service/',
  },
  'istio-ambient': { unsupported: 'A ztunnel works at layer 4; this needs a waypoint.', source: AMBIENT },
}

/** What `none` says to everything that needs a mesh. */
export const NEEDS_MESH: Readonly<Record<string, Means>> = {
  none: {
    unsupported: 'There is no mesh.',
    source: 'https://kubernetes.io/docs/concepts/services-networking/service/',
  },
}

const NAME = 'probe'
const HOST = ({ namespace }: Where) => `${VERSIONS}.${namespace}.svc.cluster.local`
const SELECTED = { matchLabels: { app: VERSIONS } }

/** An object of the probe in the arm's namespace. */
export function object(apiVersion: string, kind: string, { namespace }: Where, spec: object): KubernetesObject {
  return { apiVersion, kind, metadata: { name: NAME, namespace }, spec }
}

/** The pods of both versions, made anew with annotations. */
export function annotatedVersions(
  { namespace }: Where,
  annotations: Readonly<Record<string, string>>,
): KubernetesObject[] {
  return ['probe-v1', 'probe-v2'].map((name) => {
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations } }
  })
}

/** Istio's own route for the Service, for what the Gateway API has no field for. */
export function virtualService(where: Where, http: object): KubernetesObject {
  const route = [{ destination: { host: HOST(where) } }]
  return object('networking.istio.io/v1', 'VirtualService', where, { hosts: [HOST(where)], http: [{ ...http, route }] })
}

export function destinationRule(where: Where, service: string, trafficPolicy: object): KubernetesObject {
  const host = `${service}.${where.namespace}.svc.cluster.local`
  return object('networking.istio.io/v1', 'DestinationRule', where, { host, trafficPolicy })
}

export function peerAuthentication(where: Where, mode: 'STRICT'): KubernetesObject {
  return object('security.istio.io/v1', 'PeerAuthentication', where, { mtls: { mode } })
}

/** Who reads requests: the server's own sidecar, or the waypoint before its Service. */
export type At = 'workload' | 'service'

export function authorizationPolicy(where: Where, at: At, rules: readonly object[]): KubernetesObject {
  return object('security.istio.io/v1', 'AuthorizationPolicy', where, { ...targetOf(at), action: 'ALLOW', rules })
}

/** Asks a provider of the mesh config about requests for these paths. */
export function customAuthorization(
  where: Where,
  at: At,
  provider: string,
  paths: readonly string[],
): KubernetesObject {
  return object('security.istio.io/v1', 'AuthorizationPolicy', where, {
    ...targetOf(at),
    ...{ action: 'CUSTOM', provider: { name: provider }, rules: [{ to: [{ operation: { paths } }] }] },
  })
}

/** A host that Istio does not know of itself. */
export function serviceEntry(where: Where, host: string, ports: readonly number[], more: object): KubernetesObject {
  return object('networking.istio.io/v1', 'ServiceEntry', where, {
    hosts: [host],
    ports: ports.map((number) => ({ number, name: `http-${number}`, protocol: 'HTTP' })),
    location: 'MESH_EXTERNAL',
    ...more,
  })
}

/** Says where the providers are that the mesh config names. */
export function providersEntry(where: Where): KubernetesObject {
  const { host, authorization, spans } = PROBE_PROVIDERS
  const endpoints = [{ address: outsideOf(where).address }]
  return serviceEntry(where, host, [authorization.port, spans.port], { resolution: 'STATIC', endpoints })
}

/** What the Envoys of a namespace tell of requests, or the waypoint alone. */
export function telemetry(where: Where, at: At, what: object): KubernetesObject {
  return object('telemetry.istio.io/v1', 'Telemetry', where, {
    ...(at === 'service' && { targetRefs: [WAYPOINT] }),
    ...what,
  })
}

export function requestAuthentication(where: Where, at: At, jwtRules: readonly object[]): KubernetesObject {
  return object('security.istio.io/v1', 'RequestAuthentication', where, { ...targetOf(at), jwtRules })
}

/** Code in the proxy; since Istio 1.30. */
export function luaExtension(where: Where, at: At, inlineCode: string): KubernetesObject {
  return object('extensions.istio.io/v1alpha1', 'TrafficExtension', where, { ...targetOf(at), lua: { inlineCode } })
}

function targetOf(at: At): object {
  return at === 'workload' ? { selector: SELECTED } : { targetRefs: [{ group: '', kind: 'Service', name: VERSIONS }] }
}

/** The waypoint of the arm. A filter of Envoy cannot be bound to one of the Services before which it stands. */
const WAYPOINT = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }

/** A filter before the router of the server's sidecar, or of the waypoint. */
export function inboundFilter(where: Where, at: At, filter: object): KubernetesObject {
  return object('networking.istio.io/v1alpha3', 'EnvoyFilter', where, {
    ...(at === 'workload' ? { workloadSelector: { labels: SELECTED.matchLabels } } : { targetRefs: [WAYPOINT] }),
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'SIDECAR_INBOUND',
          listener: {
            // A waypoint has another one that ends the tunnels: there a filter would see a CONNECT in place of each connection.
            ...(at === 'service' && { name: 'main_internal' }),
            filterChain: {
              filter: {
                name: 'envoy.filters.network.http_connection_manager',
                subFilter: { name: 'envoy.filters.http.router' },
              },
            },
          },
        },
        patch: { operation: 'INSERT_BEFORE', value: filter },
      },
    ],
  })
}

/** Linkerd's server side: which port of which pods, and who is let in where no policy says so. */
export function linkerdServer(
  where: Where,
  accessPolicy: 'deny' | 'all-authenticated' | 'all-unauthenticated',
): KubernetesObject {
  return object('policy.linkerd.io/v1beta3', 'Server', where, {
    ...{ podSelector: SELECTED, port: 8080, proxyProtocol: 'HTTP/1', accessPolicy },
  })
}

/** Lets identities in: to the whole server, or by one of its routes. */
export function linkerdPolicy(
  where: Where,
  target: 'Server' | 'HTTPRoute',
  identities: readonly string[],
): KubernetesObject[] {
  const group = 'policy.linkerd.io'
  return [
    object('policy.linkerd.io/v1alpha1', 'MeshTLSAuthentication', where, { identities }),
    object('policy.linkerd.io/v1alpha1', 'AuthorizationPolicy', where, {
      targetRef: { group, kind: target, name: NAME },
      requiredAuthenticationRefs: [{ group, kind: 'MeshTLSAuthentication', name: NAME }],
    }),
  ]
}
