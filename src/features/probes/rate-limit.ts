import { type Probe, statusWords, withStatus } from '../feature-probe.ts'
import { inboundFilter, linkerdServer, NEEDS_L7, object } from './vendor-objects.ts'

/** They take more than a second, so that the limit lets some through again. */
const BURST = 300
const PER_SECOND = 5
/** Far fewer are let through than come in some seconds. */
const LEAST_LIMITED = 150

const LIMIT = {
  name: 'envoy.filters.http.local_ratelimit',
  typed_config: {
    '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
    type_url: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
    value: {
      stat_prefix: 'probe',
      token_bucket: { max_tokens: PER_SECOND, tokens_per_fill: PER_SECOND, fill_interval: '1s' },
      filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
      filter_enforced: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
    },
  },
}

export const localRateLimit: Probe = {
  name: 'rate-limit-local',
  title: 'Rate limiting (local)',
  group: 'resilience',
  asks: `Are requests beyond ${PER_SECOND} a second answered with 429?`,
  means: {
    ...NEEDS_L7,
    'istio-sidecar': { objects: (where) => [inboundFilter(where, 'workload', LIMIT)] },
    'istio-ambient-waypoint': { objects: (where) => [inboundFilter(where, 'service', LIMIT)] },
    linkerd: {
      objects: (where) => [
        linkerdServer(where, 'all-unauthenticated'),
        object('policy.linkerd.io/v1alpha1', 'HTTPLocalRateLimitPolicy', where, {
          targetRef: { group: 'policy.linkerd.io', kind: 'Server', name: 'probe' },
          total: { requestsPerSecond: PER_SECOND },
        }),
      ],
    },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', count: BURST })
    const limited = withStatus(answers, 429)
    return { holds: limited >= LEAST_LIMITED && withStatus(answers, 200) > 0, seen: statusWords(answers) }
  },
}
