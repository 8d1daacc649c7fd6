import {
  type Bench,
  DEBUG,
  outsideOf,
  type Probe,
  type Shown,
  statusWords,
  type Where,
  withStatus,
} from '../feature-probe.ts'
import { linkerdServer, NEEDS_MESH, object, peerAuthentication, serviceEntry } from './vendor-objects.ts'

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

const PORT = 8080

/** Two names of one server outside of the mesh, as cluster DNS makes them of any IP address and any namespace. */
function hostsOf(where: Where): { readonly allowed: string; readonly other: string } {
  const { namespace } = where
  const outside = outsideOf(where)
  const host = (of: string) => `${outside.address.replaceAll(/[.:]/g, '-')}.${of}.pod.cluster.local`
  return { allowed: host(outside.namespace), other: host(namespace) }
}

function singleAddress(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

const UNKNOWN_PASS = {
  unsupported: 'Its ztunnels let requests to hosts that the mesh does not know pass; they have no REGISTRY_ONLY.',
  source: 'https://github.com/istio/istio/issues/54281',
}

async function askedOutside(bench: Bench): Promise<{ allowed: number; other: number; seen: string }> {
  const { allowed, other } = hostsOf(bench)
  const ask = (host: string) => bench.ask({ from: 'client', to: { host }, path: DEBUG, count: REQUESTS })
  const [one, two] = [await ask(allowed), await ask(other)]
  return {
    allowed: withStatus(one, 200),
    other: withStatus(two, 200),
    seen: `the one host ${statusWords(one)}; another one ${statusWords(two)}`,
  }
}

export const egressControl: Probe = {
  name: 'egress-control',
  title: 'Egress control',
  group: 'security',
  asks: 'Can requests to hosts outside of the mesh be refused, but for one that is allowed by name?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': {
      objects: (where) => [
        object('networking.istio.io/v1', 'Sidecar', where, { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
        serviceEntry(where, hostsOf(where).allowed, [PORT], { resolution: 'NONE' }),
      ],
    },
    'istio-ambient': UNKNOWN_PASS,
    'istio-ambient-waypoint': UNKNOWN_PASS,
    linkerd: {
      objects: (where) => [
        object('policy.linkerd.io/v1alpha1', 'EgressNetwork', where, {
          trafficPolicy: 'Deny',
          // Without this it would be all that is outside of the cluster, and our server is within.
          networks: [{ cidr: singleAddress(outsideOf(where).address) }],
        }),
        object('gateway.networking.k8s.io/v1', 'HTTPRoute', where, {
          parentRefs: [{ group: 'policy.linkerd.io', kind: 'EgressNetwork', name: 'probe', port: PORT }],
          hostnames: [hostsOf(where).allowed],
          rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
        }),
      ],
    },
  },
  async premise(bench): Promise<Shown> {
    const { allowed, other, seen } = await askedOutside(bench)
    return { holds: allowed === REQUESTS && other === REQUESTS, seen: `without any policy: ${seen}` }
  },
  async shows(bench) {
    const { allowed, other, seen } = await askedOutside(bench)
    return { holds: allowed === REQUESTS && other === 0, seen }
  },
}
