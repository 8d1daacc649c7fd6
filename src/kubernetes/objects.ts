import { Failure } from '../model/failure.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import type { Seconds } from '../model/units.ts'
import type { Api, ApiAnswer } from './api.ts'
import { nameOf, type ObjectName } from './cluster.ts'
import type { Condition } from './pods.ts'
import { again, ask, attempt, busy, isBusy, isPassing, judge, saidBy, unreachable } from './requests.ts'
import { until } from './until-ready.ts'

const WIDTH = 8
const WITHIN: Seconds = 60
/** Of one request: webhooks may take up to 30 s. */
const ATTEMPT: Seconds = 35
/** A kind that is not served yet comes within seconds of its definition, or never. */
const UNKNOWN_KIND: Seconds = 20

type Refusal = { readonly unreachable?: true; readonly reason: string; readonly answer?: ApiAnswer }

export async function apply(
  api: Api,
  resources: Resources,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
  within: Seconds = WITHIN,
): Promise<void> {
  for (const wave of wavesOf(objects)) {
    await inParallel(WIDTH, wave, (object) => applyOne(api, resources, object, within, signal))
    const definitions = wave.filter(({ kind }) => kind === 'CustomResourceDefinition')
    await Promise.all(definitions.map((definition) => untilEstablished(api, definition, within, signal)))
  }
}

async function applyOne(
  api: Api,
  resources: Resources,
  object: KubernetesObject,
  within: Seconds,
  signal: AbortSignal,
) {
  const refused = await again<Refusal | undefined>(within, signal, async () => {
    const path = await resources.objectPath(object, signal)
    if (path === undefined) {
      const reason = `it knows no kind ${object.kind} of ${object.apiVersion}`
      return { value: { reason }, final: false, patience: UNKNOWN_KIND }
    }
    const answer = await attempt(api, {
      method: 'PATCH',
      path: `${path}?fieldManager=meshbench&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: JSON.stringify(object),
      within: ATTEMPT,
      signal,
    })
    if (typeof answer === 'string') return { value: { reason: answer, unreachable: true }, final: false }
    if (answer.status < 300) return { value: undefined, final: true }
    const reason = saidBy(answer)
    const { final, after } = judge(answer)
    return { value: { reason, answer }, final: final && !isPassing(reason), after }
  })
  if (!refused) return
  if (refused.unreachable) throw unreachable(api, refused.reason)
  if (refused.answer && isBusy(refused.answer.status)) throw busy(api, refused.answer)
  throw new Failure('apply', `${nameOf(object)} could not be applied.`, { cause: refused.reason })
}

async function untilEstablished(api: Api, definition: KubernetesObject, within: Seconds, signal: AbortSignal) {
  const { name } = definition.metadata
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldSelector=metadata.name%3D${name}`
  type Definition = { status?: { conditions?: readonly Condition[] } }
  const isEstablished = ({ status }: Definition) =>
    status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false
  if (await until<Definition>(api, path, (found) => found.some(isEstablished), within, signal)) return
  throw new Failure('apply', `${nameOf(definition)} was applied but not established within ${within} s.`)
}

const GONE_WITHIN: Seconds = 120
interface RemoveOptions {
  readonly within?: Seconds
  readonly grace?: Seconds
}

export async function remove(
  api: Api,
  resources: Resources,
  objects: readonly ObjectName[],
  signal: AbortSignal,
  { within = GONE_WITHIN, grace = 0 }: RemoveOptions = {},
): Promise<void> {
  for (const wave of wavesOf(objects).toReversed()) {
    await inParallel(WIDTH, wave, (object) => removeOne(api, resources, object, within, grace, signal))
  }
}

async function removeOne(
  api: Api,
  resources: Resources,
  object: ObjectName,
  within: Seconds,
  grace: Seconds,
  signal: AbortSignal,
): Promise<void> {
  const path = await resources.objectPath(object, signal)
  // Without its definition there is no object either.
  if (path === undefined) return
  if ((await askToDelete(api, path, object, within, grace, signal)) === 'absent') return
  const list = path.slice(0, path.lastIndexOf('/'))
  const one = `${list}?fieldSelector=metadata.name%3D${encodeURIComponent(object.metadata.name)}`
  if (await until(api, one, (found) => found.length === 0, within, signal)) return
  throw new Failure('remove', `${nameOf(object)} was still there ${within} s after it was deleted.`, {
    remedy: `Find what blocks it: \`kubectl get ${object.kind.toLowerCase()} ${object.metadata.name} -o yaml\` shows its finalizers.`,
  })
}

async function askToDelete(
  api: Api,
  path: string,
  object: ObjectName,
  within: Seconds,
  grace: Seconds,
  signal: AbortSignal,
): Promise<'absent' | 'deleted'> {
  // Owners stay until what they own is gone, so that their absence means something.
  const owns = /^apps\/|^batch\//.test(object.apiVersion)
  const body = JSON.stringify({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: owns ? 'Foreground' : 'Background',
    ...(object.kind === 'Pod' ? { gracePeriodSeconds: grace } : {}),
  })
  const answer = await again(within, signal, async () => {
    const request = { method: 'DELETE', path, body, contentType: 'application/json', within: ATTEMPT, signal } as const
    return judge(await attempt(api, request))
  })
  if (typeof answer === 'string') throw unreachable(api, answer)
  if (isBusy(answer.status)) throw busy(api, answer)
  if (answer.status === 404) return 'absent'
  if (answer.status < 300) return 'deleted'
  const reason = saidBy(answer)
  throw new Failure('remove', `${nameOf(object)} could not be deleted.`, {
    cause: reason,
    ...(isPassing(reason) ? { remedy: 'Try again: the cluster was busy.' } : {}),
  })
}

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

/** Finds the path of a kind's objects by asking the API server what it knows. */
interface Resources {
  /** Undefined when the API server knows no such kind. */
  listPath(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>
  objectPath(object: ObjectName, signal?: AbortSignal): Promise<string | undefined>
}

export function resourcesOf(api: Api): Resources {
  const known = new Map<string, Promise<readonly Resource[]>>()

  async function find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const before = known.get(apiVersion)
    const found = before && (await before.catch(() => [])).find((one) => one.kind === kind)
    if (found) return found
    // Not kept when it is not there: definitions are added while a mesh is installed.
    const fresh = resourcesAt(api, apiVersion, signal)
    known.set(apiVersion, fresh)
    return (await fresh).find((one) => one.kind === kind)
  }

  const listPath: Resources['listPath'] = async (apiVersion, kind, namespace, signal) => {
    const resource = await find(apiVersion, kind, signal)
    if (!resource) return undefined
    const within = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
    return `${rootOf(apiVersion)}${within}/${resource.name}`
  }

  return {
    listPath,
    objectPath: async ({ apiVersion, kind, metadata }, signal) => {
      const list = await listPath(apiVersion, kind, metadata.namespace ?? 'default', signal)
      return list === undefined ? undefined : `${list}/${encodeURIComponent(metadata.name)}`
    },
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

async function resourcesAt(api: Api, apiVersion: string, signal?: AbortSignal): Promise<readonly Resource[]> {
  const { status, text } = await ask(api, { path: rootOf(apiVersion), signal, accept: [404] })
  if (status === 404) return []
  const { resources } = JSON.parse(text) as { resources?: readonly Resource[] }
  if (!resources) throw new Failure('cluster-refused', `The API server does not list the kinds of ${apiVersion}.`)
  return resources.filter(({ name }) => !name.includes('/'))
}

/** What others need to exist comes first; what can refuse others, last. */
const FIRST = new Set(['Namespace', 'CustomResourceDefinition'])
const WORKLOADS = new Set(['Pod', 'Deployment', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'Job', 'CronJob'])
const LAST = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])

/** Groups within which order does not matter. */
export function wavesOf<T extends ObjectName>(objects: readonly T[]): readonly (readonly T[])[] {
  const waves: T[][] = [[], [], [], []]
  for (const object of objects) waves[waveOf(object.kind)]?.push(object)
  return waves.filter((wave) => wave.length > 0)
}

function waveOf(kind: string): number {
  if (FIRST.has(kind)) return 0
  if (WORKLOADS.has(kind)) return 2
  return LAST.has(kind) ? 3 : 1
}

/** Runs a task for each item, at most `width` at once. Stops starting more at the first that breaks, and throws what it threw. */
async function inParallel<T>(width: number, items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  let broken = false
  const worker = async () => {
    for (const item of queue) {
      if (broken) return
      await task(item).catch((error) => {
        broken = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
