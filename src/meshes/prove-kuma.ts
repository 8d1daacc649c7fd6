import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import type { Which } from './counters.ts'
import { envoyCarried, envoyPlain, type Listeners } from './envoy-counts.ts'
import { mtlsEvidence, nothingCounted, threadsEvidence } from './proof.ts'
import { ENVOY_THREADS } from './prove-sidecar.ts'

/** Kuma names what it lets in after the application's port or after itself, and leaves Envoy's own names of labels. */
function inbound(label: string): Which {
  return (labels) => /^(localhost|self_inbound)_/.test(labels[label] ?? '')
}

const INBOUND: Listeners = { http: inbound('envoy_http_conn_manager_prefix'), tcp: inbound('envoy_tcp_prefix') }

export function proveKuma(
  counters: Counters,
  { settings }: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const carried = envoyCarried(server, INBOUND)
  const proxies = Object.entries(counters).map(([name, pods]) => ({ name, pods, gauge: ENVOY_THREADS }))
  const counted = { carried, plain: envoyPlain(server, INBOUND), source: "Envoy's counters" }
  return {
    evidence: [
      mtlsEvidence(counted, 'server-proxy'),
      ...threadsEvidence(proxies, Number(settings['concurrency'] ?? 0)),
    ],
    carried,
  }
}
