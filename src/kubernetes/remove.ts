import { Failure } from '../model/failure.ts'
import type { Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { again, attempt, saidBy, unreachable } from './ask.ts'
import type { ObjectName } from './cluster.ts'
import { inParallel } from './in-parallel.ts'
import { nameOf } from './name-of.ts'
import type { Resources } from './resources.ts'
import { isPassing, isPassingStatus } from './transient.ts'
import { until } from './until.ts'
import { wavesOf } from './waves.ts'

const WIDTH = 8
const WITHIN: Seconds = 120
const ATTEMPT: Seconds = 35

export interface RemoveOptions {
  readonly within?: Seconds
  readonly grace?: Seconds
}

export async function remove(
  api: Api,
  resources: Resources,
  objects: readonly ObjectName[],
  signal: AbortSignal,
  { within = WITHIN, grace = 0 }: RemoveOptions = {},
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
    fix: `See what holds it: \`kubectl get ${object.kind.toLowerCase()} ${object.metadata.name} -o yaml\`, at its finalizers.`,
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
    const given = await attempt(api, request)
    const passing = typeof given === 'string' || isPassingStatus(given.status)
    return { value: given, final: !passing }
  })
  if (typeof answer === 'string') throw unreachable(api, answer)
  if (answer.status === 404) return 'absent'
  if (answer.status < 300) return 'deleted'
  const reason = saidBy(answer)
  throw new Failure('remove', `${nameOf(object)} could not be deleted.`, {
    cause: reason,
    ...(isPassing(reason) ? { fix: 'Try again: the cluster was busy.' } : {}),
  })
}
