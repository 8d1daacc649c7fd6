import type { Readiness } from '../model/mesh.ts'
import type { Condition, Pod } from './pod.ts'

/** The part of a watched object that tells whether it is ready. */
export interface Watched {
  readonly metadata: {
    readonly name: string
    readonly generation?: number
    readonly deletionTimestamp?: string
  }
  readonly spec?: { readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } }
  readonly status?: {
    readonly observedGeneration?: number
    readonly conditions?: readonly Condition[]
    readonly desiredNumberScheduled?: number
    readonly updatedNumberScheduled?: number
    readonly numberReady?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
  }
}

type Stated = Pick<Watched, 'metadata' | 'status'>

/** What keeps an object from being ready; undefined when it is. */
export function lackOf(kind: Readiness['kind'], object: Stated | undefined): string | undefined {
  if (!object) return 'it does not exist'
  if (object.metadata.deletionTimestamp !== undefined) return 'it is being deleted'
  if (kind === 'Pod' || kind === 'Node') return unless(object, 'Ready')
  if (kind === 'Gateway') return gatewayLack(object)
  const { generation = 0 } = object.metadata
  if ((object.status?.observedGeneration ?? 0) < generation) return 'its controller has not seen its last change'
  return kind === 'Deployment' ? deploymentLack(object) : daemonSetLack(object)
}

function deploymentLack(object: Stated): string | undefined {
  const failure = conditionOf(object, 'ReplicaFailure')
  if (failure?.status === 'True') return failure.message ?? failure.reason ?? 'its replicas cannot be made'
  const { updatedReplicas = 0, replicas = 0 } = object.status ?? {}
  if (updatedReplicas < replicas) return `${updatedReplicas} of ${replicas} replicas are of its last change`
  return unless(object, 'Available')
}

function daemonSetLack({ status = {} }: Stated): string | undefined {
  const { desiredNumberScheduled: desired = 0, numberReady: ready = 0, updatedNumberScheduled: updated = 0 } = status
  if (desired === 0) return 'it runs on no node'
  if (updated < desired) return `${updated} of ${desired} pods are of its last change`
  return ready === desired ? undefined : `${ready} of ${desired} pods are ready`
}

function gatewayLack(object: Stated): string | undefined {
  const programmed = conditionOf(object, 'Programmed')
  const { generation = 0 } = object.metadata
  if (programmed && (programmed.observedGeneration ?? generation) < generation) {
    return 'its controller has not seen its last change'
  }
  return unless(object, 'Programmed')
}

function unless(object: Stated, type: string): string | undefined {
  const condition = conditionOf(object, type)
  if (condition?.status === 'True') return undefined
  return condition?.message || condition?.reason || `it is not ${type}`
}

function conditionOf(object: Stated, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)
}

/** Whether a pod belongs to an object that is waited for. */
export function belongsTo(pod: Pod, { kind, name, namespace }: Readiness, object: Watched | undefined): boolean {
  if (pod.metadata.namespace !== namespace || pod.metadata.deletionTimestamp !== undefined) return false
  if (kind === 'Pod') return pod.metadata.name === name
  if (kind === 'Node') return false
  const wanted =
    kind === 'Gateway' ? { 'gateway.networking.k8s.io/gateway-name': name } : object?.spec?.selector?.matchLabels
  const labels = Object.entries(wanted ?? {})
  return labels.length > 0 && labels.every(([key, value]) => pod.metadata.labels?.[key] === value)
}
