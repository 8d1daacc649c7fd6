import type { Readiness } from '../model/mesh.ts'
import type { Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { explain, type Unready } from './explain.ts'
import { follow } from './follow.ts'
import { hopeFor } from './hope-for.ts'
import type { Pod } from './pod.ts'
import { belongsTo, lackOf, type Watched } from './readiness.ts'

const ROOTS: Record<Readiness['kind'], [root: string, plural: string]> = {
  Deployment: ['/apis/apps/v1', 'deployments'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
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
