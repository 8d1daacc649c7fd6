import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import type { Edges } from './counters.ts'
import { envoyCarried, ISTIO_INBOUND } from './envoy-counts.ts'
import { istioCounted } from './istio-counts.ts'
import { isSome, mtlsEvidence, nothingCounted, pathEvidence, threadsEvidence } from './proof.ts'
import { bothEnds, enteringServer, hboneConnections, leavingClient, ZTUNNEL_THREADS } from './prove-ambient.ts'
import { ENVOY_THREADS, retried } from './prove-sidecar.ts'
import { SERVER } from './workload-parts.ts'

/** From the client's ztunnel to the waypoint and on to the server's: both legs under mutual TLS, and no shorter way. */
export function proveWaypoint(
  counters: Counters,
  about: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
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

/** Requests that the waypoint read, by Istio's telemetry or Envoy's counters; undefined where it counts neither. */
function requestsRead(waypoint: readonly Edges[]): Carried | undefined {
  const carried = istioCounted(waypoint, 'waypoint')?.carried ?? envoyCarried(waypoint, ISTIO_INBOUND)
  return isSome(carried) ? carried : undefined
}
