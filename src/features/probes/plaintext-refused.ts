import { type Probe, statusWords, withStatus } from '../feature-probe.ts'
import { linkerdServer, NEEDS_MESH, peerAuthentication } from './vendor-objects.ts'

const REQUESTS = 5

export const plaintextRefused: Probe = {
  name: 'plaintext-refused',
  title: 'Plain text refused',
  group: 'security',
  asks: 'Can a server be made to refuse a client that is outside of the mesh, and still serve those within?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': { objects: (where) => [peerAuthentication(where, 'STRICT')] },
    'istio-ambient': { objects: (where) => [peerAuthentication(where, 'STRICT')] },
    'istio-ambient-waypoint': { objects: (where) => [peerAuthentication(where, 'STRICT')] },
    linkerd: { objects: (where) => [linkerdServer(where, 'all-authenticated')] },
  },
  async shows(bench) {
    const outside = await bench.ask({ from: 'outside', count: REQUESTS })
    const within = await bench.ask({ from: 'client', count: REQUESTS })
    return {
      holds: withStatus(outside, 200) === 0 && withStatus(within, 200) === REQUESTS,
      seen: `from outside of the mesh ${statusWords(outside)}; from within ${statusWords(within)}`,
    }
  },
}
