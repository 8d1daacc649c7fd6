import type { KubernetesObject, PodFact } from '../../../model/mesh.ts'

/** The pod of the load generator, where there is one. */
export const CLIENT = 'client'

/** Several load generators are the pods of an Indexed Job, which every cluster has; Kubernetes writes the index on each. */
const INDEX = 'batch.kubernetes.io/job-completion-index'

/** A pod of a load generator. */
export interface ClientPod {
  /** In results and messages. */
  readonly name: string
  readonly pod: string
  /** The name of its node. */
  readonly node?: string
}

/** The pods of the load generators, in the order of their indices. */
export function clientPods(pods: readonly PodFact[], namespace: string): ClientPod[] {
  const own = pods.filter((pod) => pod.namespace === namespace && pod.labels['app'] === 'client')
  return own
    .map((pod) => ({ pod, index: Number(pod.annotations[INDEX] ?? pod.labels[INDEX] ?? 0) }))
    .toSorted((a, b) => a.index - b.index)
    .map(({ pod: { name, nodeName }, index }) => {
      return { name: `client-${index}`, pod: name, ...(nodeName !== undefined && { node: nodeName }) }
    })
}

interface PodSpec {
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly containers: readonly { readonly resources?: { readonly requests: Requests } }[]
}

interface Requests {
  readonly cpu: string
  readonly memory: string
}

/**
 * The job whose pods are so many load generators, from the pod of one. They are spread over the nodes that bear load generators, and the
 * pods of one node ask together for the CPU that one asks for alone. They never end by themselves: commands are run in them.
 */
export function clientJob(pod: KubernetesObject, generators: number, nodes: readonly string[]): KubernetesObject {
  const spec = pod['spec'] as PodSpec
  const onOneNode = nodes.length < 2
  const perNode = Math.ceil(generators / Math.max(1, nodes.length))
  const { nodeSelector, ...rest } = spec
  const spread = {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: nodes }] }],
        },
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: HOSTNAME,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'client' } },
      },
    ],
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...pod.metadata, annotations: {} },
    spec: {
      completionMode: 'Indexed',
      completions: generators,
      parallelism: generators,
      // A pod that ends has ended its trial, and the job is made anew for the next visit.
      backoffLimit: 0,
      template: {
        metadata: { labels: pod.metadata.labels ?? {}, annotations: pod.metadata.annotations ?? {} },
        spec: {
          ...rest,
          ...(onOneNode ? { nodeSelector } : spread),
          restartPolicy: 'Never',
          containers: spec.containers.map((container) => withShare(container, perNode)),
        },
      },
    },
  }
}

const HOSTNAME = 'kubernetes.io/hostname'

function withShare<Of extends PodSpec['containers'][number]>(container: Of, perNode: number): Of {
  const { resources } = container
  if (!resources) return container
  const { cpu, memory } = resources.requests
  const shared = `${Math.max(1, Math.ceil(Number.parseInt(cpu, 10) / perNode))}m`
  return { ...container, resources: { requests: { cpu: shared, memory } } }
}
