import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { type Edges, level, type Which } from './counters.ts'
import { istioCounted } from './istio-counts.ts'
import {
  type Counted,
  connectionsEvidence,
  mtlsEvidence,
  nothingCounted,
  pathEvidence,
  threadsEvidence,
} from './proof.ts'
import { CLIENT, SERVER } from './workload-parts.ts'

/** What the ztunnels of both nodes counted of the traffic from client to server. */
export function proveAmbient(
  counters: Counters,
  about: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
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

/** What the last ztunnel carried; plain is what either end saw so. */
export function bothEnds(sent: Counted, received: Counted): Counted {
  return { ...received, plain: Math.max(sent.plain, received.plain) }
}

export function leavingClient(ztunnels: readonly Edges[], { namespace }: InstallAbout, to: string): Counted {
  const which: Which = (labels) =>
    labels['source_workload_namespace'] === namespace &&
    labels['source_app'] === CLIENT.app &&
    labels['destination_workload_namespace'] === namespace &&
    labels['destination_app'] === to
  return istioCounted(ztunnels, 'source', which) ?? NOTHING
}

/** From whomever: what reached the server without an identity tells no source. */
export function enteringServer(ztunnels: readonly Edges[], { namespace }: InstallAbout): Counted {
  const which: Which = (labels) =>
    labels['destination_workload_namespace'] === namespace && labels['destination_app'] === SERVER.app
  return istioCounted(ztunnels, 'destination', which) ?? NOTHING
}

const NOTHING: Counted = { carried: { connections: 0, bytes: 0 }, plain: 0, source: "ztunnel's telemetry" }

/** Sockets that the accepting ztunnels have open: tunnels (HTTP/2 CONNECT), in which every connection of the client is a stream. */
export function hboneConnections(ztunnels: readonly Edges[]): Evidence[] {
  const open = (edge: 'before' | 'after') =>
    level(ztunnels, edge, 'istio_tcp_sockets_open', ({ reporter }) => reporter === 'destination')
  const how = "HBONE, the client's connections side by side on each"
  return connectionsEvidence(Math.max(open('before'), open('after')), 'into the ztunnels', how, "ztunnel's metrics")
}

/** Gauge of ztunnel's worker threads. */
export const ZTUNNEL_THREADS = 'tokio_num_workers'
