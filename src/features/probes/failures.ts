import { BOTH, httpRoute, type Means, type Probe, statusWords, type Where, withStatus } from '../feature-probe.ts'
import { destinationRule, NEEDS_L7, virtualService } from './vendor-objects.ts'

const TIMEOUT = { limit: '0.5s', seconds: 0.5, answer: '3s' }
const timeoutRoute = (where: Where) => [httpRoute(where, [{ timeouts: { request: '500ms' }, backendRefs: [BOTH] }])]

export const timeouts: Probe = {
  name: 'timeouts',
  title: 'Timeouts',
  group: 'resilience',
  asks: `Is a request that takes ${TIMEOUT.answer} ended after ${TIMEOUT.limit}?`,
  means: {
    ...NEEDS_L7,
    'istio-sidecar': { objects: timeoutRoute },
    'istio-ambient-waypoint': { objects: timeoutRoute },
    linkerd: {
      objects: (where) => [httpRoute(where, [{ backendRefs: [BOTH] }], { 'timeout.linkerd.io/request': '500ms' })],
    },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: `/?delay=${TIMEOUT.answer}`, count: 2 })
    const times = answers.map(({ seconds }) => seconds)
    const [shortest, longest] = [Math.min(...times), Math.max(...times)]
    return {
      holds:
        withStatus(answers, 504) === answers.length &&
        shortest > 0.9 * TIMEOUT.seconds &&
        longest < 4 * TIMEOUT.seconds,
      seen: `${statusWords(answers)} after ${shortest.toFixed(2)} to ${longest.toFixed(2)} s`,
    }
  },
}

const RETRIED = { requests: 100, most: 22 }

export const retries: Probe = {
  name: 'retries',
  title: 'Retries',
  group: 'resilience',
  asks: 'Are requests that a server answers with 500 half of the time tried again, so that few of them fail?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': { objects: (where) => [virtualService(where, { retries: { attempts: 3, retryOn: '5xx' } })] },
    'istio-ambient-waypoint': {
      objects: (where) => [virtualService(where, { retries: { attempts: 3, retryOn: '5xx' } })],
    },
    linkerd: {
      objects: (where) => [
        httpRoute(where, [{ backendRefs: [BOTH] }], { 'retry.linkerd.io/http': '5xx', 'retry.linkerd.io/limit': '3' }),
      ],
    },
  },
  // With three retries 6 % fail, without 50 %: of 100 requests, more than 22 or fewer than that by chance less than once in a million looks.
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: '/?status=500:50', count: RETRIED.requests })
    const failed = withStatus(answers, 500)
    return {
      holds: failed <= RETRIED.most && failed + withStatus(answers, 200) === RETRIED.requests,
      seen: `${failed} of ${RETRIED.requests} requests failed (${statusWords(answers)})`,
    }
  },
}

const LOOKS = { requests: 60, last: 20 }
const MIXED = 'probe-mixed'
const ejection = {
  objects: (where: Where) => [
    destinationRule(where, MIXED, {
      outlierDetection: { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '60s', maxEjectionPercent: 100 },
    }),
  ],
}

export const circuitBreaking: Probe = {
  name: 'circuit-breaking',
  title: 'Circuit breaking',
  group: 'resilience',
  asks: 'Is a server that answers all requests with errors taken out of rotation after some of them?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': ejection,
    'istio-ambient-waypoint': ejection,
    linkerd: {
      objects: ({ namespace }) => [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: {
            name: MIXED,
            namespace,
            annotations: {
              'balancer.linkerd.io/failure-accrual': 'consecutive',
              'balancer.linkerd.io/failure-accrual-consecutive-max-failures': '3',
              'balancer.linkerd.io/failure-accrual-consecutive-min-penalty': '30s',
            },
          },
          spec: { selector: { app: MIXED }, ports: [{ name: 'http', port: 8080, appProtocol: 'http' }] },
        },
      ],
    },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', to: 'mixed', count: LOOKS.requests })
    const last = answers.slice(-LOOKS.last)
    return {
      holds: withStatus(last, 200) === LOOKS.last,
      seen: `${statusWords(answers)}; of the last ${LOOKS.last}: ${statusWords(last)}`,
    }
  },
}

const LINKERD_FAULTS = {
  unsupported:
    'Its proxies make no errors or delays themselves; it injects faults by sending traffic to a server that fails.',
  source: 'https://linkerd.io/2/features/fault-injection/',
}

/** A fault of Istio's for all requests. */
function fault(kind: 'abort' | 'delay', what: object): Means {
  return {
    objects: (where) => [virtualService(where, { fault: { [kind]: { ...what, percentage: { value: 100 } } } })],
  }
}

const abort = fault('abort', { httpStatus: 418 })

export const faultAbort: Probe = {
  name: 'fault-abort',
  title: 'Fault injection: errors',
  group: 'resilience',
  asks: 'Can requests be answered with an error that the server did not send?',
  means: { ...NEEDS_L7, 'istio-sidecar': abort, 'istio-ambient-waypoint': abort, linkerd: LINKERD_FAULTS },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', count: 5 })
    return { holds: withStatus(answers, 418) === answers.length, seen: statusWords(answers) }
  },
}

const delay = fault('delay', { fixedDelay: '1s' })

export const faultDelay: Probe = {
  name: 'fault-delay',
  title: 'Fault injection: delays',
  group: 'resilience',
  asks: 'Can requests be held back for 1 s before they reach the server?',
  means: { ...NEEDS_L7, 'istio-sidecar': delay, 'istio-ambient-waypoint': delay, linkerd: LINKERD_FAULTS },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', count: 3 })
    const shortest = Math.min(...answers.map(({ seconds }) => seconds))
    return {
      // /proc/uptime counts hundredths of a second.
      holds: withStatus(answers, 200) === answers.length && shortest >= 0.99,
      seen: `${statusWords(answers)} after at least ${shortest.toFixed(2)} s`,
    }
  },
}
