import { Failure } from '../model/failure.ts'
import type { Readiness } from '../model/mesh.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { nameOf } from './cluster.ts'
import type { ContainerState, ContainerStatus, Pod } from './pods.ts'
import { ask } from './requests.ts'

/** What keeps a pod from being ready, in the cluster's own words. */
interface PodTrouble {
  /** `image`: it cannot be had. `crash`: it ends again and again. `ended`: it will not be started again. `waiting`: all else. */
  readonly kind: 'image' | 'crash' | 'ended' | 'unschedulable' | 'waiting'
  readonly container?: string
  readonly says: string
  /** It runs: its log and the pod's events say more. */
  readonly runs?: true
  /** After how long it is given up; absent where it may get better. */
  readonly hopelessAfter?: Seconds
}

const IMAGE = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
])
/** A pull that failed is tried again: a registry may only have been slow. */
const IMAGE_PATIENCE: Seconds = 10
const CRASHES = 3

export function podTrouble(pod: Pod): PodTrouble | undefined {
  const { phase, reason, message, conditions = [] } = pod.status ?? {}
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  if (phase === 'Failed' || phase === 'Succeeded') {
    const container = statuses.find(({ state }) => state?.terminated && state.terminated.exitCode !== 0)
    const ended = container?.state?.terminated
    const says = wordsOf({ reason, message }) || (ended ? endOf(ended) : `it ended (${phase})`)
    return { kind: 'ended', ...(container && { container: container.name }), says }
  }
  const [first] = statuses.flatMap((status) => containerTrouble(status) ?? [])
  if (first) return first
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    return { kind: 'unschedulable', says: scheduled.message ?? scheduled.reason ?? 'no node was found for it' }
  }
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready?.status === 'True') return undefined
  const running = runningTrouble(pod)
  if (running) return running
  const unready = ready
  return unready ? { kind: 'waiting', says: unready.message ?? unready.reason ?? 'it is not ready' } : undefined
}

function containerTrouble({ name, state, lastState, restartCount }: ContainerStatus): PodTrouble | undefined {
  const waiting = state?.waiting
  if (waiting?.reason !== undefined && IMAGE.has(waiting.reason)) {
    const says = wordsOf(waiting)
    return { kind: 'image', container: name, says, hopelessAfter: IMAGE_PATIENCE }
  }
  const ended = state?.terminated ?? lastState?.terminated
  if (waiting?.reason === 'CrashLoopBackOff' || (restartCount > 0 && state?.running === undefined && ended)) {
    const how = ended ? `, last with ${endOf(ended)}` : ''
    const says = `it was started ${restartCount + 1} times and ended each time${how}`
    const hopeless = waiting?.reason === 'CrashLoopBackOff' && restartCount >= CRASHES
    return { kind: 'crash', container: name, says, ...(hopeless ? { hopelessAfter: 0 } : {}) }
  }
  if (waiting?.reason !== undefined && !['ContainerCreating', 'PodInitializing'].includes(waiting.reason)) {
    return { kind: 'waiting', container: name, says: wordsOf(waiting) }
  }
  return undefined
}

/** A container that runs and is not ready keeps its pod from being ready, and if it comes before others, them from starting. */
function runningTrouble({ spec, status = {} }: Pod): PodTrouble | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status
  const waits = (one: ContainerStatus) => one.state?.running !== undefined && one.ready === false
  const before = initContainerStatuses.find(waits)
  if (before) {
    const isSidecar =
      before.started === false ||
      (spec.initContainers ?? []).some(({ name, restartPolicy }) => name === before.name && restartPolicy === 'Always')
    const how = isSidecar ? 'it runs, and its startup probe has not succeeded yet' : 'it has not ended yet'
    return { kind: 'waiting', container: before.name, says: `${how}: the containers after it wait for it`, runs: true }
  }
  const unready = containerStatuses.find(waits)
  if (!unready) return undefined
  const probe = unready.started === false ? 'startup' : 'readiness'
  const last = unready.restartCount > 0 ? unready.lastState?.terminated : undefined
  const says = `it runs, and its ${probe} probe fails${last ? `; before, it ended with ${endOf(last)}` : ''}`
  return { kind: 'waiting', container: unready.name, says, runs: true }
}

/** `exit code 255 (Error): exec /usr/bin/fortio: exec format error` */
function endOf({ exitCode, reason, message }: NonNullable<ContainerState['terminated']>): string {
  const said = message?.trim().split('\n').slice(-3).join(' | ').slice(-300)
  return `exit code ${exitCode}${reason ? ` (${reason})` : ''}${said ? `: ${said}` : ''}`
}

function wordsOf({ reason, message }: { reason?: string | undefined; message?: string | undefined }): string {
  return [reason, message].filter(Boolean).join(': ')
}

/** What to do about words that clusters have for what goes wrong; the first that fits. */
const REMEDIES: readonly (readonly [words: RegExp, remedy: string])[] = [
  [
    /toomanyrequests|too many requests|pull rate limit/i,
    'The registry limits pulls: wait until that has passed, name a mirror in a site file, or let `docker login` and `docker pull` bring the image here: what is here is loaded into the nodes.',
  ],
  [
    /exec format error/i,
    'The image is for another processor than the node: fetch it with `docker pull --platform`, or name another in a site file.',
  ],
  [
    /ephemeral-storage|disk.?pressure|no space left on device/i,
    'Free disk on the node: `docker system df` shows what Docker holds, `docker builder prune && docker image prune` gives some back.',
  ],
  [
    /OOMKilled|out of memory|low on resource: memory|memory.?pressure/i,
    'Give it more memory: the memoryLimit of the arm where that is what it reached, else the machine; or leave arms out with --arms.',
  ],
  [
    /iptables|ip6tables|nf_tables|xtables|RULE_APPEND/i,
    'The kernel refuses the rules that lead traffic into the proxies: `meshbench doctor` names the modules that it lacks.',
  ],
  [/too many open files|inotify/i, 'Raise the limits of inotify: `meshbench doctor` says which, and how far.'],
  [
    /x509|certificate signed by unknown authority/i,
    'The nodes do not know the authority of that certificate: let `docker pull` bring the image here, where it is loaded into the nodes, or name a registry in a site file whose certificate they know.',
  ],
  [
    /no such host|i\/o timeout|dial tcp/i,
    'The nodes do not reach that address: what `docker pull` or `docker load` brought here is loaded into the nodes; a site file names a mirror.',
  ],
  [
    /failed calling webhook/i,
    "The mesh's webhook does not answer: look at the pods of its control plane (run the arm alone with --keep, then use kubectl).",
  ],
  [
    /FailedCreatePodSandBox|failed to (set ?up|create) (network|pod sandbox)|plugin type=/i,
    "The node's network cannot be set up for it: look at the pods of the CNI plugins, in kube-system and of the mesh (run the arm alone with --keep, then use kubectl).",
  ],
  [
    /^it does not exist/,
    'Its chart makes it under another name, or not at all: look at the values of the arm and of the site file; `meshbench doctor` renders the charts.',
  ],
  [
    /FailedMount|MountVolume|(configmap|secret) "[^"]+" not found|CreateContainerConfigError/i,
    'What it mounts or reads is not there: look at the values that name it, and at what the charts have made.',
  ],
]

/** What to do about a pod's trouble; `words`: all that the cluster has said about it. */
export function remedyFor(trouble: PodTrouble | undefined, words: string): string | undefined {
  const found = REMEDIES.find(([pattern]) => pattern.test(words))
  if (found) return found[1]
  switch (trouble?.kind) {
    case 'image':
      return 'Check the name of the image, that it can be pulled, or that it was loaded into the nodes.'
    case 'crash':
    case 'ended':
      return 'Read what its log says, and check the settings it was started with.'
    case 'unschedulable':
      return 'Give the node what the pod asks for: its labels, its CPU, its memory.'
    case 'waiting':
      return (
        trouble.runs && 'Read what its log says: run the arm alone with --keep, then use kubectl logs and describe.'
      )
    default:
      return undefined
  }
}

/** Whether a container was started again within these seconds: it may be about to end again. */
export function restartedWithin(pod: Pod, seconds: Seconds, now: Date): boolean {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses.some(({ restartCount, state }) => {
    const started = Date.parse(state?.running?.startedAt ?? '')
    return restartCount > 0 && Math.abs(now.getTime() - started) < seconds * 1000
  })
}

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
  const remedy = remedyFor(trouble, reasons[0] ?? '')
  const code = early && first.target.kind === 'Node' ? 'node-gone' : 'not-ready'
  return new Failure(code, message, { cause: named.join(' · '), ...(remedy === undefined ? {} : { remedy }) })
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

interface LogOf {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly tailLines: number
  /** Of the container's run before this one. */
  readonly previous?: boolean
  readonly signal?: AbortSignal | undefined
}

export async function containerLog(api: Api, about: LogOf): Promise<string> {
  const { namespace, pod, container, tailLines, previous = false, signal } = about
  const query = new URLSearchParams({ container, tailLines: String(tailLines), previous: String(previous) })
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`
  return (await ask(api, { path, signal, behind: true })).text
}
