import { DEBUG, type Probe, VERSIONS, versionsOf, type Where } from '../feature-probe.ts'
import { destinationRule, NEEDS_L7 } from './vendor-objects.ts'

const REQUESTS = 30
const HEADER = 'x-session'

const byHeader = {
  objects: (where: Where) => [
    destinationRule(where, VERSIONS, { loadBalancer: { consistentHash: { httpHeaderName: HEADER } } }),
  ],
}

export const sessionAffinity: Probe = {
  name: 'session-affinity',
  title: 'Session affinity',
  group: 'traffic',
  asks: 'Do all requests with the same header go to the same server?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': byHeader,
    'istio-ambient-waypoint': byHeader,
    linkerd: {
      unsupported: 'It balances requests by the latency of servers, and documents no affinity.',
      source: 'https://linkerd.io/2/features/load-balancing/',
    },
  },
  async shows(bench) {
    const { v1, v2 } = versionsOf(
      await bench.ask({ from: 'client', path: DEBUG, headers: { [HEADER]: 'one' }, count: REQUESTS }),
    )
    return { holds: Math.max(v1, v2) === REQUESTS, seen: `${v1} requests to v1, ${v2} to v2` }
  },
}
