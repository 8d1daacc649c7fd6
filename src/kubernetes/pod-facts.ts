import type { ContainerFact, NodePart, PodFact } from '../model/mesh.ts'
import type { ContainerStatus, Pod, PodContainer } from './pod.ts'
import { parseQuantity } from './quantity.ts'

/** What is known of pods that have been given a node; the others have nothing to tell yet. */
export function podFacts(pods: readonly Pod[], partOf: (nodeName: string) => NodePart): PodFact[] {
  return pods.flatMap((pod) => {
    const { metadata, spec, status } = pod
    if (spec.nodeName === undefined) return []
    return {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      node: partOf(spec.nodeName),
      address: status?.podIP ?? '',
      containers: runningOf(pod).map(([container, seen]) => containerFact(container, seen)),
    }
  })
}

/** Containers that run as long as the pod does, with their statuses. */
function runningOf({ spec, status }: Pod): (readonly [PodContainer, ContainerStatus | undefined])[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const statusIn = (statuses: readonly ContainerStatus[] | undefined, name: string) =>
    statuses?.find((one) => one.name === name)
  return [
    ...sidecars.map((one) => [one, statusIn(status?.initContainerStatuses, one.name)] as const),
    ...spec.containers.map((one) => [one, statusIn(status?.containerStatuses, one.name)] as const),
  ]
}

function containerFact(container: PodContainer, seen: ContainerStatus | undefined): ContainerFact {
  const { cpu, memory } = container.resources?.limits ?? {}
  const cpuLimit = cpu === undefined ? undefined : parseQuantity(cpu)
  const memoryLimit = memory === undefined ? undefined : parseQuantity(memory)
  const literal = (container.env ?? []).filter(({ valueFrom }) => valueFrom === undefined)
  return {
    name: container.name,
    image: container.image,
    imageId: seen?.imageID ?? '',
    id: seen?.containerID?.replace(/^.*:\/\//, '') ?? '',
    restarts: seen?.restartCount ?? 0,
    ready: seen?.ready ?? false,
    env: Object.fromEntries(literal.map(({ name, value }) => [name, value ?? ''])),
    ...(cpuLimit === undefined ? {} : { cpuLimit }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  }
}
