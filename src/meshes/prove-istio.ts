import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import {
  type Counted,
  connectionsEvidence,
  count,
  counts,
  envoyCarried,
  envoyCiphers,
  envoyConnections,
  envoyPlain,
  grown,
  ISTIO_INBOUND,
  ISTIO_OUTBOUND,
  isSome,
  istioCounted,
  level,
  mtlsEvidence,
  nothingCounted,
  type PodCounters,
  pathEvidence,
  threadsEvidence,
  type Which,
} from './proof.ts'
import { CLIENT, SERVER } from './workload-parts.ts'

/** What the ztunnels of both nodes counted of the traffic from client to server. */
export function proveAmbient(counters: Counters, about: InstallAbout): Proved {
  const ztunnels = counters['ztunnel'] ?? []
  if (ztunnels.length === 0) return { evidence: [nothingCounted('ztunnel')] }
  const sent = leavingClient(ztunnels, about, SERVER.app)
  const received = enteringServer(ztunnels, about)
  return {
    evidence: [
      mtlsEvidence(bothEnds(sent, received), 'ztunnel'),
      pathEvidence(
        [
          { name: 'ztunnel of the client', carried: sent.carried },
          { name: 'ztunnel of the server', carried: received.carried },
        ],
        received.source,
      ),
      ...threadsEvidence(
        [{ name: 'ztunnel', pods: ztunnels, gauge: ZTUNNEL_THREADS }],
        Number(about.settings['concurrency'] ?? 0),
      ),
      ...hboneConnections(ztunnels),
    ],
    carried: received.carried,
  }
}

/**
 * From the gateway, which opens tunnels by itself, to the server's ztunnel. What the mesh carried is what the gateway read: towards
 * the client, where its own headers are in.
 */
export function proveAmbientBehind(counters: Counters, about: InstallAbout): Proved {
  const ztunnels = counters['ztunnel'] ?? []
  if (ztunnels.length === 0) return { evidence: [nothingCounted('ztunnel')] }
  const gateway = counters['gateway'] ?? []
  const sent = envoyCarried(gateway, ISTIO_OUTBOUND)
  const received = enteringServer(ztunnels, about)
  const hops = [
    { name: 'gateway', carried: sent },
    { name: 'ztunnel of the server', carried: received.carried },
  ]
  return {
    evidence: [
      mtlsEvidence(received, 'ztunnel'),
      pathEvidence(hops, received.source),
      ...threadsEvidence(
        [
          { name: 'gateway', pods: gateway, gauge: ENVOY_THREADS },
          { name: 'ztunnel', pods: ztunnels, gauge: ZTUNNEL_THREADS },
        ],
        Number(about.settings['concurrency'] ?? 0),
      ),
      ...hboneConnections(ztunnels),
      ...retried(gateway),
    ],
    carried: sent,
  }
}

/** What the last ztunnel carried; plain is what either end saw so. */
function bothEnds(sent: Counted, received: Counted): Counted {
  return { ...received, plain: Math.max(sent.plain, received.plain) }
}

function leavingClient(ztunnels: readonly PodCounters[], { namespace }: InstallAbout, to: string): Counted {
  const which: Which = (labels) =>
    labels['source_workload_namespace'] === namespace &&
    labels['source_app'] === CLIENT.app &&
    labels['destination_workload_namespace'] === namespace &&
    labels['destination_app'] === to
  return istioCounted(ztunnels, 'source', which) ?? NOTHING
}

/** From whomever: what reached the server without an identity tells no source. */
function enteringServer(
  ztunnels: readonly PodCounters[],
  { namespace }: InstallAbout,
  from: Which = () => true,
): Counted {
  const which: Which = (labels) =>
    labels['destination_workload_namespace'] === namespace && labels['destination_app'] === SERVER.app && from(labels)
  return istioCounted(ztunnels, 'destination', which) ?? NOTHING
}

const NOTHING: Counted = { carried: { connections: 0, bytes: 0 }, plain: 0, source: "ztunnel's telemetry" }

/** Sockets that the accepting ztunnels have open: tunnels (HTTP/2 CONNECT), in which every connection of the client is a stream. */
function hboneConnections(ztunnels: readonly PodCounters[]): Evidence[] {
  const open = (edge: 'before' | 'after') =>
    level(ztunnels, edge, 'istio_tcp_sockets_open', ({ reporter }) => reporter === 'destination')
  const how = "HBONE, the client's connections side by side on each"
  return connectionsEvidence(Math.max(open('before'), open('after')), 'into the ztunnels', how, "ztunnel's metrics")
}

/** Gauge of ztunnel's worker threads. */
const ZTUNNEL_THREADS = 'tokio_num_workers'

/** What was proved, and what the mesh carried. */
interface Proved {
  readonly evidence: readonly Evidence[]
  readonly carried?: Carried
}

/** From the client's Envoy to the server's. */
export function proveSidecar(counters: Counters, about: InstallAbout): Proved {
  return sidecarFrom('client-proxy', counters, about)
}

/** From the gateway to the server's Envoy; the client has none. */
export function proveSidecarBehind(counters: Counters, about: InstallAbout): Proved {
  return sidecarFrom('gateway', counters, about)
}

/** What the server's Envoy let in: by Istio's own telemetry where it is there, else by Envoy's counters. */
function sidecarFrom(
  first: 'client-proxy' | 'gateway',
  counters: Counters,
  { settings, namespace }: InstallAbout,
): Proved {
  const client = counters[first] ?? []
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const counted = istioCounted(server, 'destination') ?? envoyCounted(server)
  const proxies = [
    { name: first, pods: client, gauge: ENVOY_THREADS },
    { name: 'server-proxy', pods: server, gauge: ENVOY_THREADS },
  ]
  const hops = [
    { name: first, carried: envoyCarried(client, ISTIO_OUTBOUND) },
    { name: 'server-proxy', carried: envoyCarried(server, ISTIO_INBOUND) },
  ]
  return {
    evidence: [
      mtlsEvidence(counted, 'server-proxy'),
      pathEvidence(hops, "Envoy's counters"),
      ...threadsEvidence(proxies, Number(settings['concurrency'] ?? 0)),
      ...envoyCiphers(server, ISTIO_INBOUND),
      ...envoyConnections(client, server, ISTIO_INBOUND, `|${SERVER.app}.${namespace}.`),
      ...retried(client),
    ],
    carried: counted.carried,
  }
}

function envoyCounted(pods: readonly PodCounters[]): Counted {
  return {
    carried: envoyCarried(pods, ISTIO_INBOUND),
    plain: envoyPlain(pods, ISTIO_INBOUND),
    source: "Envoy's counters",
  }
}

/** Gauge of Envoy's worker threads. */
export const ENVOY_THREADS = 'envoy_server_concurrency'

const RETRIES = 'envoy_cluster_upstream_rq_retry'

/** Retries that were made, beside those that are allowed. */
function retried(pods: readonly PodCounters[]): Evidence[] {
  if (!counts(pods, RETRIES)) return []
  return [
    { name: 'retried', seen: `${count(grown(pods, RETRIES), 'request')} in the window`, source: "Envoy's counters" },
  ]
}

/** From the client's ztunnel to the waypoint and on to the server's: both legs under mutual TLS, and no shorter way. */
export function proveWaypoint(counters: Counters, about: InstallAbout): Proved {
  const ztunnels = counters['ztunnel'] ?? []
  const waypoint = counters['waypoint'] ?? []
  if (ztunnels.length === 0) return { evidence: [nothingCounted('ztunnel')] }
  const sent = leavingClient(ztunnels, about, 'waypoint')
  const received = enteringServer(ztunnels, about)
  const read = requestsRead(waypoint)
  const hops = [
    { name: 'ztunnel of the client', carried: sent.carried },
    ...(read ? [{ name: 'waypoint', carried: read }] : []),
    { name: 'ztunnel of the server', carried: received.carried },
  ]
  const path = pathEvidence(hops, received.source)
  const past = leavingClient(ztunnels, about, SERVER.app).carried
  const proxies = [
    { name: 'ztunnel', pods: ztunnels, gauge: ZTUNNEL_THREADS },
    { name: 'waypoint', pods: waypoint, gauge: ENVOY_THREADS },
  ]
  return {
    evidence: [
      mtlsEvidence({ ...bothEnds(sent, received), carried: sent.carried }, 'ztunnel'),
      isSome(past) ? { ...path, holds: false, seen: `${path.seen}; some went past the waypoint` } : path,
      ...threadsEvidence(proxies, Number(about.settings['concurrency'] ?? 0)),
      ...hboneConnections(ztunnels),
      ...retried(waypoint),
    ],
    // Towards the client, thus of the first leg, where the waypoint's own headers are in.
    carried: read?.requests === undefined ? sent.carried : read,
  }
}

/** From the gateway to the waypoint and on to the server's ztunnel, and no shorter way. */
export function proveWaypointBehind(counters: Counters, about: InstallAbout): Proved {
  const ztunnels = counters['ztunnel'] ?? []
  if (ztunnels.length === 0) return { evidence: [nothingCounted('ztunnel')] }
  const gateway = counters['gateway'] ?? []
  const waypoint = counters['waypoint'] ?? []
  const sent = envoyCarried(gateway, ISTIO_OUTBOUND)
  const received = enteringServer(ztunnels, about)
  const hops = [
    { name: 'gateway', carried: sent },
    { name: 'waypoint', carried: requestsRead(waypoint) ?? { requests: 0 } },
    { name: 'ztunnel of the server', carried: received.carried },
  ]
  const path = pathEvidence(hops, received.source)
  const past = enteringServer(ztunnels, about, ({ source_app }) => source_app !== 'waypoint').carried
  const proxies = [
    { name: 'gateway', pods: gateway, gauge: ENVOY_THREADS },
    { name: 'waypoint', pods: waypoint, gauge: ENVOY_THREADS },
    { name: 'ztunnel', pods: ztunnels, gauge: ZTUNNEL_THREADS },
  ]
  return {
    evidence: [
      mtlsEvidence(received, 'ztunnel'),
      isSome(past) ? { ...path, holds: false, seen: `${path.seen}; some went past the waypoint` } : path,
      ...threadsEvidence(proxies, Number(about.settings['concurrency'] ?? 0)),
      ...hboneConnections(ztunnels),
      ...retried(gateway),
    ],
    carried: sent,
  }
}

/** Requests that the waypoint read, by Istio's telemetry or Envoy's counters; undefined where it counts neither. */
function requestsRead(waypoint: readonly PodCounters[]): Carried | undefined {
  const carried = istioCounted(waypoint, 'waypoint')?.carried ?? envoyCarried(waypoint, ISTIO_INBOUND)
  return isSome(carried) ? carried : undefined
}
