import type { KubernetesObject } from '../../model/mesh.ts'
import { BOTH, httpRoute, type Shown, statusWords, type Where, withStatus } from '../feature-probe.ts'
import type { LoadBench, UnderLoad } from '../under-load.ts'
import { localRateLimits } from './rate-limit.ts'
import { type At, authorizationPolicy, linkerdServer, object } from './vendor-objects.ts'

/** Whether responses have a header. */
const answersHave =
  (header: string) =>
  async (bench: LoadBench): Promise<Shown> => {
    const answers = await bench.ask({ count: 5 })
    const having = answers.filter(({ headers }) => headers[header] !== undefined).length
    return { holds: having === answers.length, seen: `${having} of ${answers.length} responses had ${header}` }
  }

const LOADED = '/'
const byPath = (at: At) => (where: Where) => [
  authorizationPolicy(where, at, [{ to: [{ operation: { methods: ['GET', 'POST'], paths: [LOADED] } }] }]),
]

const POLICY = 'policy.linkerd.io'

/** Lets requests for one path in to Linkerd's server side, by one of its kinds of authentication. */
function linkerdPath(where: Where, name: string, path: string, authentication: string): KubernetesObject[] {
  const metadata = { name, namespace: where.namespace }
  return [
    {
      ...{ apiVersion: `${POLICY}/v1beta3`, kind: 'HTTPRoute', metadata },
      spec: {
        parentRefs: [{ group: POLICY, kind: 'Server', name: 'probe' }],
        rules: [{ matches: [{ path: { type: 'Exact', value: path } }] }],
      },
    },
    {
      ...{ apiVersion: `${POLICY}/v1alpha1`, kind: 'AuthorizationPolicy', metadata },
      spec: {
        targetRef: { group: POLICY, kind: 'HTTPRoute', name },
        requiredAuthenticationRefs: [{ group: POLICY, kind: authentication, name: 'probe' }],
      },
    },
  ]
}

const linkerdByPath = (where: Where) => [
  linkerdServer(where, 'deny'),
  object(`${POLICY}/v1alpha1`, 'MeshTLSAuthentication', where, { identities: ['*'] }),
  object(`${POLICY}/v1alpha1`, 'NetworkAuthentication', where, {
    networks: [{ cidr: '0.0.0.0/0' }, { cidr: '::/0' }],
  }),
  ...linkerdPath(where, 'probe', LOADED, 'MeshTLSAuthentication'),
  // Of a server that has routes, the kubelet's question whether it is ready is let in by none but its own.
  ...linkerdPath(where, 'probe-ready', '/ready', 'NetworkAuthentication'),
]

/** Requests per second that no load sends. */
const LIMIT = 1_000_000
const mirrored = (where: Where) => [
  httpRoute(where, [
    { filters: [{ type: 'RequestMirror', requestMirror: { backendRef: BOTH } }], backendRefs: [BOTH] },
  ]),
]

const OF_EVERY_ARM = 'Every arm of the mesh has it; the arm none, or `values`, shows what it costs.'
const OTHER_VERSIONS = 'It sends requests to other versions of the server, and a load has one server.'

/** How features are put on a load, by the names of their probes. A probe that is not here has no cost that is measured. */
export const underLoad: Readonly<Record<string, UnderLoad>> = {
  'mutual-tls-tcp': { unfit: OF_EVERY_ARM },
  'mutual-tls-http': { unfit: OF_EVERY_ARM },
  'mutual-tls-grpc': { unfit: OF_EVERY_ARM },
  'plaintext-refused': { unasked: 'With `profile: equalised` it is in force in every arm.' },
  'authorization-identity': {},
  'authorization-request': {
    objects: {
      'istio-sidecar': byPath('workload'),
      'istio-ambient-waypoint': byPath('service'),
      linkerd: linkerdByPath,
    },
    async shows(bench) {
      const [allowed, refused] = [await bench.ask({ count: 5 }), await bench.ask({ path: '/other', count: 5 })]
      return {
        holds: withStatus(allowed, 200) === allowed.length && withStatus(refused, 200) === 0,
        seen: `the path of the load ${statusWords(allowed)}; another one ${statusWords(refused)}`,
      }
    },
  },
  'authorization-external': { unfit: 'A load has no server that decides on its requests.' },
  'egress-control': { unfit: 'A load stays within the mesh.' },
  'certificate-rotation': { unfit: 'Certificates that live for seconds are no setting that anybody uses.' },
  'access-log': { unfit: '`values: { accessLog: true }` of an arm measures it.' },
  tracing: { unfit: 'A load has no receiver of spans.' },
  jobs: { unfit: 'It is about pods that end, and a load goes on.' },
  'json-web-token': { unfit: 'It refuses requests without a token, and a load sends none.' },
  'weighted-split': { unfit: OTHER_VERSIONS },
  'header-routing': { unfit: OTHER_VERSIONS },
  'path-routing': { unfit: OTHER_VERSIONS },
  'header-modification': { shows: answersHave('x-probe-added') },
  redirect: { unasked: 'It redirects a path that the load does not ask for: a redirect would double its requests.' },
  'url-rewrite': {
    unasked: 'It rewrites a path that the load does not ask for, so that the load gets what it would get.',
  },
  mirroring: {
    objects: { 'istio-sidecar': mirrored, 'istio-ambient-waypoint': mirrored },
    copies: true,
    async shows(bench) {
      const requests = 20
      const carried = await bench.carried(() => bench.ask({ count: requests }))
      return {
        // The last copy may still be under way.
        holds: carried !== undefined && carried >= 2 * requests - 1,
        seen: `of ${requests} requests the server was sent ${carried ?? 'an unknown number'}`,
      }
    },
    // The waypoint counts what it is sent, and the copies are what it sends.
    unseenOn: ['istio-ambient-waypoint'],
  },
  'session-affinity': { unfit: 'With one server there is nothing to choose.' },
  ingress: { unfit: '`entrance: gateway` measures it.' },
  timeouts: {
    async shows(bench) {
      const answers = await bench.ask({ path: '/?delay=1.4s', count: 2 })
      const longest = Math.max(...answers.map(({ seconds }) => seconds))
      return {
        holds: withStatus(answers, 504) === answers.length,
        seen: `requests that take 1.4 s: ${statusWords(answers)} after at most ${longest.toFixed(2)} s`,
      }
    },
  },
  retries: {
    // As of the probe: with three retries 6 % fail, without 50 %.
    async shows(bench) {
      const answers = await bench.ask({ path: '/?status=500:50', count: 60 })
      const failed = withStatus(answers, 500)
      return {
        holds: failed <= 13 && failed + withStatus(answers, 200) === answers.length,
        seen: `of ${answers.length} requests that fail half of the time ${failed} failed`,
      }
    },
  },
  'circuit-breaking': {},
  'fault-abort': { unfit: 'It answers the requests of the load with errors.' },
  'fault-delay': { unfit: 'It holds the requests of the load back for 1 s, which would be all that is measured.' },
  'rate-limit-local': {
    // The headers that tell clients what is left of the limit show that it is in force where nothing is refused.
    objects: localRateLimits(LIMIT, { enable_x_ratelimit_headers: 'DRAFT_VERSION_03' }),
    shows: answersHave('x-ratelimit-limit'),
    unseenOn: ['linkerd'],
  },
  'request-metrics': { unfit: 'Every arm of the mesh has it.' },
  extension: { shows: answersHave('x-probe-lua') },
}
