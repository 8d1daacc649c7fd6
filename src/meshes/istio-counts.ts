import { counts, type Edges, grown, type Labels, type Which } from './counters.ts'
import type { Counted } from './proof.ts'

const REQUESTS = 'istio_requests_total'
const OPENED = 'istio_tcp_connections_opened_total'
/** Of the answers: Istio counts from where the server stands. */
const SENT = 'istio_tcp_sent_bytes_total'

const isMtls = ({ connection_security_policy }: Labels) => connection_security_policy === 'mutual_tls'

/** What Istio's own telemetry counted at one place of the way; undefined where it counted nothing since its start. */
export function istioCounted(pods: readonly Edges[], reporter: string, which?: Which): Counted | undefined {
  const at: Which = (labels) => labels['reporter'] === reporter && (which?.(labels) ?? true)
  if (![REQUESTS, OPENED].some((name) => counts(pods, name, at))) return undefined
  const mtls: Which = (labels) => at(labels) && isMtls(labels)
  const plain: Which = (labels) => at(labels) && !isMtls(labels)
  const requests = grown(pods, REQUESTS, mtls)
  const plainRequests = grown(pods, REQUESTS, plain)
  const connections = grown(pods, OPENED, mtls)
  const bytes = grown(pods, SENT, mtls)
  const overTcp = requests + plainRequests === 0 && counts(pods, OPENED, at)
  return {
    carried: overTcp ? { connections, bytes } : { requests },
    plain: overTcp ? grown(pods, OPENED, plain) || Number(grown(pods, SENT, plain) > 0) : plainRequests,
    source: "Istio's telemetry",
  }
}
