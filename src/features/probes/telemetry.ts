import { PROBE_PROVIDERS, PROVIDERS_SETTING } from '../../model/probe-providers.ts'
import type { Seconds } from '../../model/units.ts'
import { type Bench, DEBUG, type Probe, type Shown, statusWords, VERSIONS, type Where } from '../feature-probe.ts'
import { type At, annotatedVersions, NEEDS_L7, NEEDS_MESH, providersEntry, telemetry } from './vendor-objects.ts'

const REQUESTS = 10
/** Envoy writes its log every second in Istio. */
const WRITTEN: Seconds = 3
/** Of a line that is quoted, to show its fields. */
const QUOTED = 400

/** Built into Istio: lines of text on standard output. */
const byEnvoy = (at: At) => ({
  objects: (where: Where) => [telemetry(where, at, { accessLogging: [{ providers: [{ name: 'envoy' }] }] })],
})

/** A proxy that reads requests has the path in its line, and a ztunnel the Service. */
const logged =
  (requests: number) =>
  async (bench: Bench): Promise<Shown> => {
    const path = `${DEBUG}${bench.nonce()}`
    const connections = async (lines: number, within: Seconds) => {
      const service = `dst.service="${VERSIONS}.${bench.namespace}.svc.cluster.local"`
      const all = await bench.logged('proxies', service, { lines, within })
      return all.filter((line) => line.includes('connection complete') && line.includes('direction="outbound"'))
    }
    const before = await connections(0, 0)
    const answers = requests > 0 ? await bench.ask({ from: 'client', path, count: requests }) : []
    const ofRequests = await bench.logged('proxies', path, { lines: Math.max(1, requests), within: WRITTEN })
    const ofConnections = (await connections(0, 0)).slice(before.length)
    const lines = ofRequests.length > 0 ? ofRequests : ofConnections
    const quoted = lines.slice(0, 1).map((line) => `, such as: ${line.slice(0, QUOTED)}`)
    const asked = requests === 0 ? 'no requests' : `${requests} requests (${statusWords(answers)})`
    return {
      holds: requests === 0 ? lines.length > 0 : lines.length === requests,
      seen: `${lines.length} lines for ${asked}${quoted.join('')}`,
    }
  }

export const accessLog: Probe = {
  name: 'access-log',
  title: 'Access log',
  group: 'operation',
  asks: 'Is there a line for each request, or for each connection where a proxy works at layer 4, in the log of a proxy?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': byEnvoy('workload'),
    'istio-ambient': { byDefault: true },
    'istio-ambient-waypoint': byEnvoy('service'),
    // Its proxies read it when they start.
    linkerd: { objects: (where) => annotatedVersions(where, { 'config.linkerd.io/access-log': 'apache' }) },
  },
  shows: logged(REQUESTS),
  // Lines that come by themselves would show nothing.
  elsewhere: logged(0),
}

const TRACED = 3
/** Envoy sends spans every five seconds, or once it has five of them. */
const SENT: Seconds = 8

const traced = (at: At) => ({
  needs: PROVIDERS_SETTING,
  objects: (where: Where) => [
    providersEntry(where),
    telemetry(where, at, {
      tracing: [{ providers: [{ name: PROBE_PROVIDERS.spans.name }], randomSamplingPercentage: 100 }],
    }),
  ],
})

export const tracing: Probe = {
  name: 'tracing',
  title: 'Distributed tracing',
  group: 'operation',
  asks: 'Does a span of each request arrive at a receiver of OTLP?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': traced('workload'),
    'istio-ambient-waypoint': traced('service'),
    linkerd: {
      untried:
        'Its proxies send spans by gRPC to a collector that its installation names; meshbench has no such collector.',
    },
  },
  async shows(bench) {
    const paths = Array.from({ length: TRACED }, () => `${DEBUG}${bench.nonce()}`)
    const answers = []
    for (const path of paths) answers.push(...(await bench.ask({ from: 'client', path })))
    const spans: number[] = []
    for (const path of paths) {
      // Once one is missing for so long, the others are not waited for.
      const within = spans.includes(0) ? 0 : SENT
      spans.push((await bench.logged('spans', path, { lines: 1, within })).length)
    }
    const arrived = spans.filter((count) => count > 0).length
    const sum = spans.reduce((all, count) => all + count, 0)
    return {
      holds: arrived === TRACED,
      seen: `${sum} spans of ${arrived} of ${TRACED} requests arrived (${statusWords(answers)})`,
    }
  },
}
