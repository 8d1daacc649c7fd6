import { setTimeout as delay } from 'node:timers/promises'
import type { Readiness } from '../model/mesh.ts'
import { milliseconds, type Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { explain, podTrouble, restartedWithin, type Unready } from './pod-trouble.ts'
import type { Condition, Pod } from './pods.ts'
import { ask } from './requests.ts'

const ROOTS: Record<Readiness['kind'], [root: string, plural: string]> = {
  Deployment: ['/apis/apps/v1', 'deployments'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  Job: ['/apis/batch/v1', 'jobs'],
  Gateway: ['/apis/gateway.networking.k8s.io/v1', 'gateways'],
  Pod: ['/api/v1', 'pods'],
  Node: ['/api/v1', 'nodes'],
}

type Outcome = 'ready' | 'hopeless' | 'late'

/** Watches until all are ready. Throws a Failure that says what is not, and why. */
export async function untilReady(
  api: Api,
  readiness: readonly Readiness[],
  within: Seconds,
  signal: AbortSignal,
): Promise<void> {
  if (readiness.length === 0) return
  const stop = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const lists = new Map<string, readonly Watched[]>()
  const hope = hopeFor(() => resolve('hopeless'))
  const paths = new Set(readiness.flatMap(pathsFor))
  const watching = AbortSignal.any([stop.signal, signal])
  const limit = setTimeout(() => resolve('late'), within * 1000)
  signal.addEventListener('abort', () => reject(signal.reason), { signal: stop.signal })
  if (signal.aborted) reject(signal.reason)
  for (const path of paths) {
    const onChange = (objects: readonly Watched[]) => {
      lists.set(path, objects)
      if (lists.size < paths.size) return
      const unready = unreadyOf(readiness, lists)
      hope.judge(unready)
      if (unready.length === 0) hope.trust(podsOf(readiness, lists), () => resolve('ready'))
    }
    follow<Watched>(api, path, onChange, watching).catch((error) => {
      if (!watching.aborted) reject(error)
    })
  }
  try {
    const outcome = await promise
    if (outcome === 'ready') return
    throw await explain(api, hope.first(unreadyOf(readiness, lists)), within, outcome === 'hopeless')
  } finally {
    stop.abort()
    clearTimeout(limit)
    hope.end()
  }
}

/** An object's own list, and the pods that tell why it is not ready. */
function pathsFor({ kind, namespace }: Readiness): string[] {
  return kind === 'Node' ? [pathOf(kind, namespace)] : [pathOf(kind, namespace), pathOf('Pod', namespace)]
}

function pathOf(kind: Readiness['kind'], namespace: string): string {
  const [root, plural] = ROOTS[kind]
  return namespace === '' ? `${root}/${plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

function podsOf(readiness: readonly Readiness[], lists: ReadonlyMap<string, readonly Watched[]>): Pod[] {
  return readiness.flatMap((target) => {
    const { object, pods } = foundOf(target, lists)
    return pods.filter((pod) => belongsTo(pod, target, object))
  })
}

function foundOf({ kind, namespace, name }: Readiness, lists: ReadonlyMap<string, readonly Watched[]>) {
  const object = lists.get(pathOf(kind, namespace))?.find(({ metadata }) => metadata.name === name)
  return { object, pods: (lists.get(pathOf('Pod', namespace)) ?? []) as readonly Pod[] }
}

function unreadyOf(readiness: readonly Readiness[], lists: ReadonlyMap<string, readonly Watched[]>): Unready[] {
  return readiness.flatMap((target) => {
    const { object, pods } = foundOf(target, lists)
    const lack = lackOf(target.kind, object)
    if (lack === undefined) return []
    const others = object
      ? []
      : (lists.get(pathOf(target.kind, target.namespace)) ?? []).map(({ metadata }) => metadata.name)
    const instead = others.length > 0 && target.kind !== 'Pod' ? `; there is ${others.slice(0, 5).join(', ')}` : ''
    return [{ target, lack: `${lack}${instead}`, pods: pods.filter((pod) => belongsTo(pod, target, object)) }]
  })
}

/** A container that crashes at once is ready for a moment after each start: after a crash, for how long it has to last. */
const STEADY: Seconds = 10

/** Gives up on pods whose trouble stays for longer than it takes to know that it will not end. */
function hopeFor(giveUp: () => void) {
  const since = new Map<string, { readonly target: Readiness; readonly timer: NodeJS.Timeout }>()
  let lost: Readiness | undefined
  let crashSeen = false
  let steady: NodeJS.Timeout | undefined
  const judge = (unready: readonly Unready[]) => {
    if (unready.length > 0) {
      clearTimeout(steady)
      steady = undefined
    }
    const seen = new Set<string>()
    const count = (key: string, target: Readiness, after: Seconds) => {
      seen.add(key)
      if (since.has(key)) return
      const timer = setTimeout(() => {
        lost = target
        giveUp()
      }, after * 1000)
      since.set(key, { target, timer })
    }
    for (const { target, pods } of unready) {
      const { kind, namespace, name, hopelessAfter } = target
      if (hopelessAfter !== undefined) count(`${kind} ${namespace}/${name}`, target, hopelessAfter)
      for (const pod of pods) {
        const trouble = podTrouble(pod)
        if (trouble?.kind === 'crash') crashSeen = true
        const after = trouble?.kind === 'ended' && target.kind === 'Pod' ? 0 : trouble?.hopelessAfter
        if (trouble === undefined || after === undefined) continue
        count(`${pod.metadata.uid} ${trouble.container} ${trouble.kind}`, target, after)
      }
    }
    for (const [key, { timer }] of since) {
      if (seen.has(key)) continue
      clearTimeout(timer)
      since.delete(key)
    }
  }
  return {
    judge,
    /** At once where nothing crashed; else when it has lasted. */
    trust: (pods: readonly Pod[], accept: () => void) => {
      const shaky = crashSeen || pods.some((pod) => restartedWithin(pod, STEADY, new Date()))
      if (shaky) steady ??= setTimeout(accept, STEADY * 1000)
      else accept()
    },
    /** What was given up is told first. */
    first: (unready: readonly Unready[]) =>
      unready.toSorted((a, b) => Number(b.target === lost) - Number(a.target === lost)),
    end: () => {
      clearTimeout(steady)
      for (const { timer } of since.values()) clearTimeout(timer)
    },
  }
}

/** The part of a watched object that tells whether it is ready. */
export interface Watched {
  readonly metadata: {
    readonly name: string
    readonly generation?: number
    readonly deletionTimestamp?: string
  }
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly completions?: number
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly conditions?: readonly Condition[]
    readonly desiredNumberScheduled?: number
    readonly updatedNumberScheduled?: number
    readonly numberReady?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    /** Of a job: its pods that are ready. */
    readonly ready?: number
  }
}

type Stated = Pick<Watched, 'metadata' | 'status'> & { readonly spec?: object }

/** What keeps an object from being ready; undefined when it is. */
export function lackOf(kind: Readiness['kind'], object: Stated | undefined): string | undefined {
  if (!object) return 'it does not exist'
  if (object.metadata.deletionTimestamp !== undefined) return 'it is being deleted'
  if (kind === 'Pod' || kind === 'Node') return unless(object, 'Ready')
  if (kind === 'Gateway') return gatewayLack(object)
  if (kind === 'Job') return jobLack(object)
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

/** Of a job whose pods are to stand: all of them. */
function jobLack({ spec, status: { ready = 0 } = {} }: Stated): string | undefined {
  const { completions = 1 } = (spec ?? {}) as NonNullable<Watched['spec']>
  return ready >= completions ? undefined : `${ready} of ${completions} pods are ready`
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

interface Followed {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string }
}

/** Between two watches, in milliseconds: it grows while they end within a second. */
const BREATH = 100
const LONGEST_BREATH = 2000

/**
 * Keeps a list of objects current by watching, and hands all of it over whenever it changed, until the signal aborts.
 * `onChange` must not throw. A kind that is not known yet is an empty list.
 */
async function follow<T>(
  api: Api,
  path: string,
  onChange: (objects: readonly T[]) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let breath = BREATH; !signal.aborted; ) {
    const { status, text } = await ask(api, { path, signal, accept: [404] })
    if (status === 404) {
      onChange([])
      await delay(1000, undefined, { signal })
      continue
    }
    const list = JSON.parse(text) as { metadata?: { resourceVersion?: string }; items?: (T & Followed)[] }
    const objects = new Map((list.items ?? []).map((object) => [object.metadata.uid, object]))
    onChange([...objects.values()])
    const opened = performance.now()
    const from = `${path}${path.includes('?') ? '&' : '?'}resourceVersion=${list.metadata?.resourceVersion ?? ''}`
    await api.watch(
      from,
      (type, raw) => {
        const object = raw as T & Followed
        if (type === 'ADDED' || type === 'MODIFIED') objects.set(object.metadata.uid, object)
        else if (type === 'DELETED') objects.delete(object.metadata.uid)
        else return
        if (!signal.aborted) onChange([...objects.values()])
      },
      signal,
    )
    // A server that ends watches at once, or throttles them, must not be asked without a breath.
    breath = performance.now() - opened < 1000 ? Math.min(2 * breath, LONGEST_BREATH) : BREATH
    if (!signal.aborted) await delay(breath, undefined, { signal })
  }
}

/** Watches a list until it is as wanted. False when it was not within the time. */
export async function until<T>(
  api: Api,
  path: string,
  wanted: (objects: readonly T[]) => boolean,
  within: Seconds,
  signal: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController()
  const limit = AbortSignal.timeout(milliseconds(within))
  let seen = false
  try {
    await follow<T>(
      api,
      path,
      (objects) => {
        seen = wanted(objects)
        if (seen) stop.abort()
      },
      AbortSignal.any([stop.signal, limit, signal]),
    )
  } catch (error) {
    signal.throwIfAborted()
    if (!seen && !limit.aborted) throw error
  }
  signal.throwIfAborted()
  return seen
}
