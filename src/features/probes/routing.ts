import {
  type Bench,
  BOTH,
  backend,
  DEBUG,
  forMeshes,
  httpRoute,
  type Probe,
  type Shown,
  statusWords,
  versionsOf,
  type Where,
} from '../feature-probe.ts'
import { NEEDS_L7, ROUTED } from './vendor-objects.ts'

/** A route of the Gateway API, which all meshes that read requests take as it is. */
const byRoute = (rules: readonly object[]) => ({
  ...NEEDS_L7,
  ...forMeshes(ROUTED, { objects: (where: Where) => [httpRoute(where, rules)] }),
})

const LINKERD_FILTERS = {
  unsupported:
    'Of the filters of an HTTPRoute its policy controller takes header modifiers and redirects, and refuses all others.',
  source: 'https://github.com/linkerd/linkerd2/blob/main/policy-controller/k8s/index/src/outbound/index/http.rs',
}

const SPLIT = { requests: 200, share: 0.1 }

/** The bounds leave out one in about five thousand of the counts that the share brings about: mean ± 3.9 standard deviations. */
function splitBounds({ requests, share }: typeof SPLIT): readonly [number, number] {
  const [mean, deviation] = [requests * share, Math.sqrt(requests * share * (1 - share))]
  return [Math.max(1, Math.ceil(mean - 3.9 * deviation)), Math.floor(mean + 3.9 * deviation)]
}

export const weightedSplit: Probe = {
  name: 'weighted-split',
  title: 'Weighted split',
  group: 'traffic',
  asks: 'Does 10 % of the traffic go to the new version where 10 % is asked for?',
  means: byRoute([{ backendRefs: [backend('v1', 90), backend('v2', 10)] }]),
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: DEBUG, count: SPLIT.requests })
    const { v1, v2 } = versionsOf(answers)
    const [least, most] = splitBounds(SPLIT)
    return {
      holds: v1 + v2 === SPLIT.requests && v2 >= least && v2 <= most,
      seen: `${v2} of ${v1 + v2} requests to v2, where ${least} to ${most} agree with ${SPLIT.share * 100} %`,
    }
  },
}

const REQUESTS = 20

/** All of one kind of requests to v2, all others to v1. */
async function routed(bench: Bench, one: Pick<Parameters<Bench['ask']>[0], 'path' | 'headers'>): Promise<Shown> {
  const chosen = versionsOf(await bench.ask({ from: 'client', path: DEBUG, count: REQUESTS, ...one }))
  const others = versionsOf(await bench.ask({ from: 'client', path: DEBUG, count: REQUESTS }))
  return {
    holds: chosen.v2 === REQUESTS && others.v1 === REQUESTS,
    seen: `v2 answered ${chosen.v2} of ${REQUESTS} chosen requests, v1 answered ${others.v1} of ${REQUESTS} others`,
  }
}

const HEADER = { name: 'x-canary', value: 'yes' }

export const headerRouting: Probe = {
  name: 'header-routing',
  title: 'Routing by header (canary)',
  group: 'traffic',
  asks: 'Do requests with a header go to the new version, and all others to the old one?',
  means: byRoute([
    { matches: [{ headers: [{ type: 'Exact', ...HEADER }] }], backendRefs: [backend('v2')] },
    { backendRefs: [backend('v1')] },
  ]),
  shows: (bench) => routed(bench, { headers: { [HEADER.name]: HEADER.value } }),
}

const PATH = `${DEBUG}canary`

export const pathRouting: Probe = {
  name: 'path-routing',
  title: 'Routing by path',
  group: 'traffic',
  asks: 'Do requests for a path go to the new version, and all others to the old one?',
  means: byRoute([
    { matches: [{ path: { type: 'PathPrefix', value: PATH } }], backendRefs: [backend('v2')] },
    { backendRefs: [backend('v1')] },
  ]),
  shows: (bench) => routed(bench, { path: PATH }),
}

const ADDED = 'x-probe-added'

export const headerModification: Probe = {
  name: 'header-modification',
  title: 'Header modification',
  group: 'traffic',
  asks: 'Are headers added to requests and to responses?',
  means: byRoute([
    {
      filters: [
        { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: ADDED, value: 'request' }] } },
        { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: ADDED, value: 'response' }] } },
      ],
      backendRefs: [BOTH],
    },
  ]),
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: DEBUG, count: 5 })
    const requests = answers.filter(({ body }) => body.toLowerCase().includes(`${ADDED}: request`)).length
    const responses = answers.filter(({ headers }) => headers[ADDED] === 'response').length
    return {
      holds: requests === answers.length && responses === answers.length,
      seen: `${requests} of ${answers.length} requests and ${responses} of ${answers.length} responses had the header`,
    }
  },
}

export const redirect: Probe = {
  name: 'redirect',
  title: 'Redirect',
  group: 'traffic',
  asks: 'Is a request answered with a redirect to another path?',
  means: byRoute([
    {
      matches: [{ path: { type: 'Exact', value: '/old' } }],
      filters: [
        {
          type: 'RequestRedirect',
          requestRedirect: { path: { type: 'ReplaceFullPath', replaceFullPath: `${DEBUG}new` }, statusCode: 302 },
        },
      ],
    },
    { backendRefs: [BOTH] },
  ]),
  async shows(bench) {
    // The client follows redirects, so the path is seen where it arrives.
    const answers = await bench.ask({ from: 'client', path: '/old', count: 5 })
    const arrived = answers.filter(({ body, redirects }) => body.includes(`GET ${DEBUG}new `) && redirects === 1).length
    return {
      holds: arrived === answers.length,
      seen: `${arrived} of ${answers.length} were redirected to the new path (${statusWords(answers)})`,
    }
  },
}

export const urlRewrite: Probe = {
  name: 'url-rewrite',
  title: 'URL rewrite',
  group: 'traffic',
  asks: 'Does a request for one path reach the server with another one?',
  means: {
    ...byRoute([
      {
        matches: [{ path: { type: 'Exact', value: '/old' } }],
        filters: [
          { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: `${DEBUG}new` } } },
        ],
        backendRefs: [BOTH],
      },
      { backendRefs: [BOTH] },
    ]),
    linkerd: LINKERD_FILTERS,
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: '/old', count: 5 })
    const arrived = answers.filter(({ body, redirects }) => body.includes(`GET ${DEBUG}new `) && redirects === 0).length
    return {
      holds: arrived === answers.length,
      seen: `${arrived} of ${answers.length} reached the server with the new path`,
    }
  },
}

export const mirroring: Probe = {
  name: 'mirroring',
  title: 'Mirroring',
  group: 'traffic',
  asks: 'Does a copy of each request arrive at the new version, while the old one answers all of them?',
  means: {
    ...byRoute([
      {
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: backend('v2') } }],
        backendRefs: [backend('v1')],
      },
    ]),
    linkerd: LINKERD_FILTERS,
  },
  async shows(bench) {
    const path = `${DEBUG}${bench.nonce()}`
    const answers = await bench.ask({ from: 'client', path, count: REQUESTS })
    const { v1 } = versionsOf(answers)
    const copies = await bench.served('v2', path)
    return {
      // The last copy may still be under way.
      holds: v1 === REQUESTS && copies >= REQUESTS - 1 && copies <= REQUESTS,
      seen: `v1 answered ${v1} of ${REQUESTS} requests, ${copies} copies arrived at v2`,
    }
  },
}
