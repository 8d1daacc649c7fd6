import type { Counters, InstallAbout } from '../model/mesh.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { type Edges, grown, type Labels, level, type Which } from './counters.ts'
import {
  asManyAsFit,
  type Counted,
  connectionsEvidence,
  mtlsEvidence,
  nothingCounted,
  pathEvidence,
  threadsEvidence,
  USED,
} from './proof.ts'

const SOURCE = "Linkerd's metrics"
const ADMIN = '4191'
const THREADS = 'tokio_rt_workers'

/** What the proxies of client and server counted; opaque TCP by connections and bytes. */
export function proveLinkerd(
  counters: Counters,
  about: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const client = counters['client-proxy'] ?? []
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const counted = inbound(server, about)
  const hops = [
    { name: 'client-proxy', carried: outbound(client) },
    { name: 'server-proxy', carried: counted.carried },
  ]
  const proxies = [
    { name: 'client-proxy', pods: client, gauge: THREADS },
    { name: 'server-proxy', pods: server, gauge: THREADS },
  ]
  return {
    evidence: [
      mtlsEvidence(counted, 'server-proxy'),
      pathEvidence(hops, SOURCE),
      ...threadsEvidence(proxies, Number(about.settings['concurrency'] ?? 0), asManyAsFit),
      ...connections(client),
      ...clients(server),
    ],
    carried: counted.carried,
  }
}

/** The workload's ports: not the proxy's own, and not what the kubelet asks to see whether a pod lives. */
const ofWorkload: Which = (labels) =>
  labels['direction'] === 'inbound' && labels['target_port'] !== ADMIN && labels['route_name'] !== 'probe'

function inbound(pods: readonly Edges[], { namespace }: InstallAbout): Counted {
  const fromNamespace = `.${namespace}.serviceaccount.identity.`
  const isMtls = ({ tls, client_id }: Labels) => tls === 'true' && client_id?.includes(fromNamespace) === true
  const mtls: Which = (labels) => ofWorkload(labels) && isMtls(labels)
  const requests = grown(pods, 'request_total', mtls)
  const plainRequests = grown(pods, 'request_total', (labels) => ofWorkload(labels) && !isMtls(labels))
  const tcp: Which = (labels) => mtls(labels) && labels['peer'] === 'src'
  const connections = grown(pods, 'tcp_open_total', tcp)
  const bytes = grown(pods, 'tcp_write_bytes_total', tcp)
  if (requests + plainRequests > 0 || connections + bytes === 0) {
    return { carried: { requests }, plain: plainRequests, source: SOURCE }
  }
  // Of the ports that were used: the kubelet's probes of others come without TLS.
  const ports = usedPorts(pods, tcp)
  const plain = grown(pods, 'tcp_open_total', (labels) => {
    return ofWorkload(labels) && labels['peer'] === 'src' && !isMtls(labels) && ports.has(labels['target_port'])
  })
  return { carried: { connections, bytes }, plain, source: SOURCE }
}

function usedPorts(pods: readonly Edges[], which: Which): ReadonlySet<string | undefined> {
  const ports = new Set(pods.flatMap(({ after }) => after.filter(({ labels }) => which(labels)).map(portOf)))
  return new Set(
    [...ports].filter(
      (port) => grown(pods, 'tcp_write_bytes_total', (labels) => which(labels) && labels['target_port'] === port) > 0,
    ),
  )
}

const portOf = ({ labels }: { readonly labels: Labels }) => labels['target_port']

/** What the client's proxy sent to the server's under mutual TLS. */
function outbound(pods: readonly Edges[]): Carried {
  const mtls: Which = (labels) => labels['direction'] === 'outbound' && labels['tls'] === 'true'
  const requests = grown(pods, 'request_total', mtls)
  const tcp: Which = (labels) => mtls(labels) && labels['peer'] === 'dst'
  const connections = grown(pods, 'tcp_open_total', tcp)
  const bytes = grown(pods, 'tcp_read_bytes_total', tcp)
  return requests > 0 || connections + bytes === 0 ? { requests } : { connections, bytes }
}

/** What the client's proxy has open to the server's; it speaks HTTP/2 to it whatever the client speaks. */
function connections(pods: readonly Edges[]): Evidence[] {
  const toServer: Which = ({ direction, peer, tls }) => direction === 'outbound' && peer === 'dst' && tls === 'true'
  const open = (edge: 'before' | 'after') => level(pods, edge, 'tcp_open_connections', toServer)
  const how = grown(pods, 'request_total', ({ direction }) => direction === 'outbound') > 0 ? USED.http2 : ''
  return connectionsEvidence(Math.max(open('before'), open('after')), 'between the proxies', how, SOURCE)
}

/** Who came: the identities that the server's proxy saw within the window. */
function clients(pods: readonly Edges[]): Evidence[] {
  const ids = new Set(
    pods.flatMap(({ after }) =>
      after.flatMap(({ name, labels }) => (name === 'tcp_open_total' ? (labels['client_id'] ?? []) : [])),
    ),
  )
  return ids.size === 0 ? [] : [{ name: 'identity', seen: [...ids].sort().join(', '), source: SOURCE }]
}
