import { Failure } from '../model/failure.ts'
import type { Readiness } from '../model/mesh.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { ask } from './ask.ts'
import { containerLog } from './container-log.ts'
import { nameOf } from './name-of.ts'
import type { Pod } from './pod.ts'
import { podTrouble, remedyFor } from './pod-trouble.ts'

/** An object that is not ready, and its pods. */
export interface Unready {
  readonly target: Readiness
  readonly lack: string
  readonly pods: readonly Pod[]
}

interface Event {
  readonly involvedObject: { readonly kind: string; readonly name: string }
  readonly reason?: string
  readonly message?: string
}

const LOG_LINES = 5
const EVENTS = 3

/** Collects what the cluster says about objects that are not ready. */
export async function explain(
  api: Api,
  unready: readonly Unready[],
  waited: Seconds,
  early: boolean,
): Promise<Failure> {
  const [first] = unready
  if (!first) return new Failure('not-ready', 'Nothing was waited for.')
  const others = unready.length > 1 ? ` (nor were ${unready.length - 1} more)` : ''
  const name = nameOf({ kind: first.target.kind, metadata: first.target })
  const message = early
    ? `${name} cannot become ready.`
    : `${name} was not ready within ${formatDuration(waited)}${others}.`
  const reasons = await Promise.all(unready.slice(0, 3).map((one) => reasonOf(api, one)))
  const named = reasons.map((reason, index) => {
    const { kind, ...metadata } = (unready[index] ?? first).target
    return index === 0 ? reason : `${nameOf({ kind, metadata })}: ${reason}`
  })
  const trouble = first.pods.map((pod) => podTrouble(pod)).find((one) => one !== undefined)
  const fix = remedyFor(trouble, reasons[0] ?? '')
  return new Failure('not-ready', message, { cause: named.join(' · '), ...(fix === undefined ? {} : { fix }) })
}

async function reasonOf(api: Api, { target, lack, pods }: Unready): Promise<string> {
  const lines = [lack]
  for (const pod of pods.slice(0, 3)) {
    const trouble = podTrouble(pod)
    if (!trouble) continue
    const where = trouble.container === undefined ? '' : `, container ${trouble.container}`
    lines.push(`pod ${pod.metadata.name}${where}: ${trouble.says}`)
    if ((trouble.kind === 'crash' || trouble.runs) && trouble.container !== undefined) {
      const log = await lastWords(api, pod, trouble.container)
      if (log !== '') lines.push(`its log ends with: ${log}`)
    }
  }
  // The words of a container that does not run say all that the events would repeat.
  const told = pods.some((pod) => {
    const trouble = podTrouble(pod)
    return trouble?.container !== undefined && !trouble.runs
  })
  return [...lines, ...(told ? [] : await warnings(api, target, pods))].join(' · ')
}

/** What a container said before it ended; of the run before, where it has just been started again. */
async function lastWords(api: Api, pod: Pod, container: string): Promise<string> {
  const { namespace, name } = pod.metadata
  for (const previous of [true, false]) {
    try {
      const text = await containerLog(api, { namespace, pod: name, container, tailLines: LOG_LINES, previous })
      if (text.trim() !== '') return text.trim().split('\n').join(' | ').slice(-600)
    } catch {
      // There is none of that run.
    }
  }
  return ''
}

async function warnings(api: Api, target: Readiness, pods: readonly Pod[]): Promise<string[]> {
  try {
    const path = `/api/v1/namespaces/${target.namespace}/events?fieldSelector=type%3DWarning`
    const { items } = JSON.parse((await ask(api, { path, patience: 5 })).text) as { items: Event[] }
    return items
      .filter(({ involvedObject }) => isAbout(involvedObject, target, pods))
      .map(({ reason, message }) => [reason, message].filter(Boolean).join(': ').slice(0, 300))
      .slice(-EVENTS)
  } catch {
    // The reason is told without them.
    return []
  }
}

function isAbout(object: Event['involvedObject'], { kind, name }: Readiness, pods: readonly Pod[]): boolean {
  if (object.kind === 'Pod') return pods.some(({ metadata }) => metadata.name === object.name)
  if (object.kind === 'ReplicaSet') return kind === 'Deployment' && object.name.startsWith(`${name}-`)
  return object.kind === kind && object.name === name
}
