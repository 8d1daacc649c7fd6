import type { ContainerFact, NodePart, PodFact } from '../model/mesh.ts'

/** The part of a pod's JSON that is read here; times are strings, as the API server sends them. */
export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly ownerReferences?: readonly { readonly kind: string }[]
  }
  readonly spec: {
    readonly nodeName?: string
    readonly containers: readonly PodContainer[]
    readonly initContainers?: readonly PodContainer[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface PodContainer {
  readonly name: string
  readonly image: string
  /** `Always` on an init container: it keeps running beside the others. */
  readonly restartPolicy?: string
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> }
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
}

export interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
  readonly ready: boolean
  /** Whether its startup probe has succeeded. */
  readonly started?: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface ContainerState {
  readonly running?: { readonly startedAt?: string }
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string }
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly observedGeneration?: number
}

/** What is known of pods on nodes that have a part; those without a node have nothing to tell yet. */
export function podFacts(pods: readonly Pod[], partOf: (nodeName: string) => NodePart | undefined): PodFact[] {
  return pods.flatMap((pod) => {
    const { metadata, spec, status } = pod
    const node = spec.nodeName === undefined ? undefined : partOf(spec.nodeName)
    if (node === undefined) return []
    return {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      node,
      ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }),
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

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
}

/** "500m" → 0.5, "2" → 2, "1Gi" → 1073741824: cores or bytes. Undefined when it is no quantity. */
export function parseQuantity(text: string): number | undefined {
  const found = /^([0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(text)
  const factor = FACTORS[found?.[2] ?? '?']
  const value = Number(found?.[1])
  return factor === undefined || Number.isNaN(value) ? undefined : value * factor
}
