import { PROBE_PROVIDERS, PROVIDERS_SETTING } from '../../model/probe-providers.ts'
import { DEBUG, type Probe, statusWords, type Where, withStatus } from '../feature-probe.ts'
import {
  type At,
  authorizationPolicy,
  customAuthorization,
  linkerdPolicy,
  linkerdServer,
  NEEDS_L7,
  NEEDS_MESH,
  object,
  providersEntry,
} from './vendor-objects.ts'

const REQUESTS = 5

const istioClient = ({ namespace }: Where) => [
  { from: [{ source: { principals: [`cluster.local/ns/${namespace}/sa/client`] } }] },
]
const byIdentity = (at: At) => ({ objects: (where: Where) => [authorizationPolicy(where, at, istioClient(where))] })

export const authorizationByIdentity: Probe = {
  name: 'authorization-identity',
  title: 'Authorization by identity',
  group: 'security',
  asks: 'Can one workload of the mesh be let in and another one be refused, by their identities?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': byIdentity('workload'),
    'istio-ambient': byIdentity('workload'),
    'istio-ambient-waypoint': byIdentity('service'),
    linkerd: {
      objects: (where) => [
        linkerdServer(where, 'deny'),
        ...linkerdPolicy(where, 'Server', [`client.${where.namespace}.serviceaccount.identity.linkerd.cluster.local`]),
      ],
    },
  },
  async shows(bench) {
    const allowed = await bench.ask({ from: 'client', count: REQUESTS })
    const refused = await bench.ask({ from: 'other', count: REQUESTS })
    return {
      holds: withStatus(allowed, 200) === REQUESTS && withStatus(refused, 200) === 0,
      seen: `the one identity ${statusWords(allowed)}; the other ${statusWords(refused)}`,
    }
  },
}

const ALLOWED = '/debug/allowed'
const byPath = (at: At) => ({
  objects: (where: Where) => [
    authorizationPolicy(where, at, [{ to: [{ operation: { methods: ['GET'], paths: [ALLOWED] } }] }]),
  ],
})

export const authorizationByRequest: Probe = {
  name: 'authorization-request',
  title: 'Authorization by method and path',
  group: 'security',
  asks: 'Can one path be allowed and all others be refused?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': byPath('workload'),
    'istio-ambient-waypoint': byPath('service'),
    linkerd: {
      objects: (where) => [
        linkerdServer(where, 'deny'),
        object('policy.linkerd.io/v1beta3', 'HTTPRoute', where, {
          parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'probe' }],
          rules: [{ matches: [{ method: 'GET', path: { type: 'Exact', value: ALLOWED } }] }],
        }),
        ...linkerdPolicy(where, 'HTTPRoute', ['*']),
      ],
    },
  },
  async shows(bench) {
    const allowed = await bench.ask({ from: 'client', path: ALLOWED, count: REQUESTS })
    const refused = await bench.ask({ from: 'client', path: '/debug/other', count: REQUESTS })
    return {
      holds: withStatus(allowed, 200) === REQUESTS && withStatus(refused, 200) === 0,
      seen: `the allowed path ${statusWords(allowed)}; another one ${statusWords(refused)}`,
    }
  },
}

/** No proxy and no server of the probe sends it unasked. */
const DECIDED = 418

const byProvider = (at: At) => ({
  needs: PROVIDERS_SETTING,
  objects: (where: Where) => [
    providersEntry(where),
    customAuthorization(where, at, PROBE_PROVIDERS.authorization.name, [`${DEBUG}*`]),
  ],
})

export const externalAuthorization: Probe = {
  name: 'authorization-external',
  title: 'External authorization',
  group: 'security',
  asks: 'Is a server of the user asked about each request, and does its answer decide?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': byProvider('workload'),
    'istio-ambient-waypoint': byProvider('service'),
    linkerd: {
      unsupported: 'Its policies know identities of the mesh, networks and routes, and ask nobody else.',
      source: 'https://linkerd.io/2/reference/authorization-policy/',
    },
  },
  async shows(bench) {
    // The provider takes the query for its own; the server itself leaves it alone below this path.
    const allowed = await bench.ask({ from: 'client', path: `${DEBUG}asked`, count: REQUESTS })
    const refused = await bench.ask({ from: 'client', path: `${DEBUG}asked?status=${DECIDED}`, count: REQUESTS })
    return {
      holds: withStatus(allowed, 200) === REQUESTS && withStatus(refused, DECIDED) === REQUESTS,
      seen: `where the provider allows ${statusWords(allowed)}; where it answers ${DECIDED}, ${statusWords(refused)}`,
    }
  },
}
