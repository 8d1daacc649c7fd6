import type { OwnManifests, RunningObject } from '../../kubernetes/install/own-manifests.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import type { ManifestsWorkload, ServiceNode } from '../../model/scenario.ts'
import { rootOf, type ServiceGraph } from '../../model/service-graph.ts'
import type { Seconds } from '../../model/units.ts'

/** Where a service is asked, and where it keeps its own part of the answer. */
const PORT = 8080
const OWN_PORT = 8081

/** Bytes: the largest answer that fortio's server makes unless it is told to make larger ones. */
const SHIPPED_MOST = 256 * 1024

/** Thousandths of a core: all services together ask for what our server does, so that as many fit its node. */
const ASKED = 200

/**
 * A graph as pods of fortio's server. A service that calls others is fortio's proxy for several (`-M`): it asks its own echo
 * server over loopback for its own part of the answer and the services that it calls for theirs, and puts their answers one after
 * the other. A failed call is a text in its place, so the size of the answer tells of it.
 */
export function graphManifests(graph: ServiceGraph, image: string): OwnManifests {
  const root = rootOf(graph)
  const pods = Object.values(graph).reduce((sum, { replicas }) => sum + replicas, 0)
  const cpu = `${Math.ceil(ASKED / pods)}m`
  return {
    lasting: Object.keys(graph).flatMap((name) => [accountOf(name), serviceOf(name)]),
    running: Object.entries(graph).map(([name, node]): RunningObject => {
      const labels = { app: name }
      return {
        object: deploymentOf(name, node, { labels, image, cpu }),
        labels,
        containers: ['service'],
        isEntrance: name === root,
      }
    }),
    images: [image],
  }
}

/** Where load enters a graph. */
export function graphEntrance(graph: ServiceGraph): ManifestsWorkload['entrance'] {
  return { service: rootOf(graph), port: PORT, path: '/', method: 'GET', headers: {}, expectedStatus: 200 }
}

/** Each has an account of its own, as our server does: a mesh derives the identity from it. */
function accountOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name }, automountServiceAccountToken: false }
}

function serviceOf(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: PORT, targetPort: PORT, appProtocol: 'http' }] },
  }
}

function deploymentOf(
  name: string,
  node: ServiceNode,
  {
    labels,
    image,
    cpu,
  }: { readonly labels: Readonly<Record<string, string>>; readonly image: string; readonly cpu: string },
): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: node.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          enableServiceLinks: false,
          securityContext: {
            ...{ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'service',
              image,
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              args: serviceArgv(node),
              ports: [{ containerPort: PORT }],
              resources: { requests: { cpu, memory: '32Mi' } },
              startupProbe: {
                httpGet: { path: '/ready', port: ownPort(node) },
                periodSeconds: 1,
                failureThreshold: 60,
              },
            },
          ],
        },
      },
    },
  }
}

/** A service that calls nobody has nothing to put together: its echo server is asked itself. */
function ownPort({ calls }: ServiceNode): number {
  return calls.length > 0 ? OWN_PORT : PORT
}

export function serviceArgv(node: ServiceNode): string[] {
  const { calls, order, answer } = node
  const held = delayOf(node)
  const parts = [`http://127.0.0.1:${OWN_PORT}`, ...calls.map((name) => `http://${name}:${PORT}`)]
  return [
    'server',
    `-http-port=${ownPort(node)}`,
    ...['-grpc-port=disabled', '-tcp-port=disabled', '-udp-port=disabled', '-redirect-port=disabled', '-config-port='],
    ...['-ui-path=', '-echo-debug-path=', '-loglevel=warning', '-server-idle-timeout=1h'],
    ...(answer > SHIPPED_MOST ? [`-maxpayloadsizekb=${Math.ceil(answer / 1024)}`] : []),
    `-echo-server-default-params=size=${answer}${held ? `&delay=${held.wanted}` : ''}`,
    ...(held ? [`-max-echo-delay=${held.most}`] : []),
    ...(calls.length > 0 ? ['-M', `${PORT} ${parts.join(' ')}`] : []),
    ...(calls.length > 0 && order === 'sequence' ? ['-multi-serial-mode'] : []),
  ]
}

/** fortio takes one delay, or several with the percentage of requests that each is for. */
function delayOf({ delay, slow }: ServiceNode): { readonly wanted: string; readonly most: string } | undefined {
  const most = Math.max(delay, slow?.delay ?? 0)
  if (most === 0) return undefined
  const text = (seconds: Seconds) => `${Math.round(seconds * 1e6)}us`
  const percent = (share: number) => Number((100 * share).toPrecision(6))
  const wanted = slow
    ? `${text(slow.delay)}:${percent(slow.share)},${text(delay)}:${percent(1 - slow.share)}`
    : text(delay)
  return { wanted, most: text(most) }
}
