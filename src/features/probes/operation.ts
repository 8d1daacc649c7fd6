import type { KubernetesObject } from '../../model/mesh.ts'
import {
  type Bench,
  BOTH,
  DEBUG,
  forMeshes,
  type Probe,
  type Shown,
  statusWords,
  VERSIONS,
  versionsOf,
  type Where,
  withStatus,
} from '../feature-probe.ts'
import { ALL, luaExtension, NEEDS_L7, NEEDS_MESH, object, ROUTED } from './vendor-objects.ts'

const REQUESTS = 20

const counted =
  (requests: number) =>
  async (bench: Bench): Promise<Shown> => {
    let words = 'no requests'
    const { carried } = await bench.observed(async () => {
      if (requests > 0) words = statusWords(await bench.ask({ from: 'client', to: 'server', count: requests }))
    })
    const seen = carried?.requests ?? 0
    return {
      holds: requests === 0 ? seen > 0 : seen === requests,
      seen: `${words}; the proxies counted ${seen} requests`,
    }
  }

export const requestMetrics: Probe = {
  name: 'request-metrics',
  title: 'Metrics of requests',
  group: 'operation',
  asks: 'Do the proxies count every request, without any configuration and without the application’s help?',
  means: { ...NEEDS_L7, ...forMeshes(ROUTED, { byDefault: true } as const) },
  shows: counted(REQUESTS),
  // A counter that grows by itself would show nothing.
  elsewhere: counted(0),
}

const HEADER = 'x-probe-lua'
const LUA = `function envoy_on_response(handle) handle:headers():add("${HEADER}", "yes") end`

export const extension: Probe = {
  name: 'extension',
  title: 'Extension of the proxy',
  group: 'operation',
  asks: 'Can code that the user supplies run in the proxy, and change a response?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': { objects: (where) => [luaExtension(where, 'workload', LUA)] },
    'istio-ambient-waypoint': { objects: (where) => [luaExtension(where, 'service', LUA)] },
    linkerd: {
      unsupported: 'It documents no interface for extensions of its proxy.',
      source: 'https://linkerd.io/2/overview/',
    },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'client', path: DEBUG, count: 5 })
    const changed = answers.filter(({ headers }) => headers[HEADER] === 'yes').length
    return { holds: changed === answers.length, seen: `${changed} of ${answers.length} responses had the header` }
  },
}

/** Istio reads it from the Gateway itself. Its default is a LoadBalancer, which a cloud would open to the world and bill. */
function clusterLocal(gateway: KubernetesObject): KubernetesObject {
  const annotations = { 'networking.istio.io/service-type': 'ClusterIP' }
  return { ...gateway, metadata: { ...gateway.metadata, annotations } }
}

const gateway = {
  objects: (where: Where) => [
    clusterLocal(
      object('gateway.networking.k8s.io/v1', 'Gateway', where, {
        gatewayClassName: 'istio',
        listeners: [{ name: 'http', port: 8080, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } }],
      }),
    ),
    object('gateway.networking.k8s.io/v1', 'HTTPRoute', where, {
      parentRefs: [{ name: 'probe' }],
      rules: [{ backendRefs: [BOTH] }],
    }),
  ],
}

export const ingress: Probe = {
  name: 'ingress',
  title: 'Ingress by the Gateway API',
  group: 'traffic',
  asks: 'Does a Gateway of the mesh’s own class let requests from outside of the mesh in?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': gateway,
    'istio-ambient': gateway,
    'istio-ambient-waypoint': gateway,
    linkerd: {
      unsupported: 'It has no ingress of its own; any ingress controller can be part of the mesh.',
      source: 'https://linkerd.io/2/tasks/using-ingress/',
    },
  },
  async shows(bench) {
    const answers = await bench.ask({ from: 'outside', to: 'gateway', path: DEBUG, count: 5 })
    const { v1, v2 } = versionsOf(answers)
    return {
      holds: withStatus(answers, 200) === answers.length && v1 + v2 === answers.length,
      seen: `from outside ${statusWords(answers)}`,
    }
  },
}

const BY_JOB = `${DEBUG}job`
const JOB = 'probe'

/** One request, and its end. What the PodSecurity standard `restricted` requires is there too. */
function jobOf(where: Where): KubernetesObject {
  const url = `http://${VERSIONS}.${where.namespace}.svc.cluster.local:8080${BY_JOB}`
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  return object('batch/v1', 'Job', where, {
    backoffLimit: 3,
    template: {
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'probe-other',
        nodeSelector: { 'meshbench.io/part': 'client' },
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            ...{ name: 'once', image: 'busybox', imagePullPolicy: 'IfNotPresent', securityContext },
            command: ['sh', '-c', 'wget -q -O - "$0"', url],
          },
        ],
      },
    },
  })
}

export const jobs: Probe = {
  name: 'jobs',
  title: 'Jobs that end',
  group: 'operation',
  asks: 'Is a Job of the mesh complete once its container has sent a request and ended, whatever stands beside it?',
  means: { ...NEEDS_MESH, ...forMeshes(ALL, { objects: (where: Where) => [jobOf(where)] }) },
  async shows(bench) {
    const job = await bench.job(JOB)
    if (!job) return { holds: false, seen: 'there is no Job' }
    const requests = (await bench.served('v1', BY_JOB)) + (await bench.served('v2', BY_JOB))
    return {
      holds: job.ended && job.isEnrolled && requests > 0,
      seen: `the Job is ${job.ended ? '' : 'not '}complete; containers of its pods: ${job.containers.join(', ')}; requests of it that arrived: ${requests}`,
    }
  },
}
