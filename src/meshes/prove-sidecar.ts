import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { counts, type Edges, grown } from './counters.ts'
import {
  envoyCarried,
  envoyCiphers,
  envoyConnections,
  envoyPlain,
  ISTIO_INBOUND,
  ISTIO_OUTBOUND,
} from './envoy-counts.ts'
import { istioCounted } from './istio-counts.ts'
import { type Counted, count, mtlsEvidence, nothingCounted, pathEvidence, threadsEvidence } from './proof.ts'
import { SERVER } from './workload-parts.ts'

/** What the server's Envoy let in: by Istio's own telemetry where it is there, else by Envoy's counters. */
export function proveSidecar(
  counters: Counters,
  { settings, namespace }: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const client = counters['client-proxy'] ?? []
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const counted = istioCounted(server, 'destination') ?? envoyCounted(server)
  const proxies = [
    { name: 'client-proxy', pods: client, gauge: ENVOY_THREADS },
    { name: 'server-proxy', pods: server, gauge: ENVOY_THREADS },
  ]
  const hops = [
    { name: 'client-proxy', carried: envoyCarried(client, ISTIO_OUTBOUND) },
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

function envoyCounted(pods: readonly Edges[]): Counted {
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
export function retried(pods: readonly Edges[]): Evidence[] {
  if (!counts(pods, RETRIES)) return []
  return [
    { name: 'retried', seen: `${count(grown(pods, RETRIES), 'request')} in the window`, source: "Envoy's counters" },
  ]
}
