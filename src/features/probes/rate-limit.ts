import { type Probe, statusWords, type Where, withStatus } from '../feature-probe.ts'
import { inboundFilter, linkerdServer, NEEDS_L7, object } from './vendor-objects.ts'

/** They take more than a second, so that the limit lets some through again. */
const BURST = 300
const PER_SECOND = 5
/** Far fewer are let through than come in some seconds. */
const LEAST_LIMITED = 150

/** Objects that limit what a server takes, by mesh. `more`: of the filter, where an Envoy limits. */
export function localRateLimits(requestsPerSecond: number, more: object = {}) {
  const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
  const filter = {
    name: 'envoy.filters.http.local_ratelimit',
    typed_config: {
      '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
      type_url: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
      value: {
        stat_prefix: 'probe',
        token_bucket: { max_tokens: requestsPerSecond, tokens_per_fill: requestsPerSecond, fill_interval: '1s' },
        filter_enabled: always,
        filter_enforced: always,
        ...more,
      },
    },
  }
  return {
    'istio-sidecar': (where: Where) => [inboundFilter(where, 'workload', filter)],
    'istio-ambient-waypoint': (where: Where) => [inboundFilter(where, 'service', filter)],
    linkerd: (where: Where) => [
      linkerdServer(where, 'all-unauthenticated'),
      object('policy.linkerd.io/v1alpha1', 'HTTPLocalRateLimitPolicy', where, {
        targetRef: { group: 'policy.linkerd.io', kind: 'Server', name: 'probe' },
        total: { requestsPerSecond },
      }),
    ],
  }
}

const limits = localRateLimits(PER_SECOND)

export const localRateLimit: Probe = {
  name: 'rate-limit-local',
  title: 'Rate limiting (local)',
  group: 'resilience',
  asks: `Are requests beyond ${PER_SECOND} a second answered with 429?`,
  means: {
    ...NEEDS_L7,
    'istio-sidecar': { objects: limits['istio-sidecar'] },
    'istio-ambient-waypoint': { objects: limits['istio-ambient-waypoint'] },
    linkerd: { objects: limits.linkerd },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', count: BURST })
    const limited = withStatus(answers, 429)
    return { holds: limited >= LEAST_LIMITED && withStatus(answers, 200) > 0, seen: statusWords(answers) }
  },
}
