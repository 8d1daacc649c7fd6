import { Failure } from '../model/failure.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import type { Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { again, attempt, saidBy, unreachable } from './ask.ts'
import { inParallel } from './in-parallel.ts'
import { nameOf } from './name-of.ts'
import type { Condition } from './pod.ts'
import type { Resources } from './resources.ts'
import { isPassing, isPassingStatus } from './transient.ts'
import { until } from './until.ts'
import { wavesOf } from './waves.ts'

const WIDTH = 8
const WITHIN: Seconds = 60
/** Of one request: webhooks may take up to 30 s. */
const ATTEMPT: Seconds = 35
/** A kind that is not served yet comes within seconds of its definition, or never. */
const UNKNOWN_KIND: Seconds = 20

type Refusal = { readonly unreachable?: true; readonly reason: string }

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
    return { value: { reason }, final: !isPassingStatus(answer.status) && !isPassing(reason) }
  })
  if (!refused) return
  if (refused.unreachable) throw unreachable(api, refused.reason)
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
