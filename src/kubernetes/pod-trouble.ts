import type { Seconds } from '../model/units.ts'
import type { ContainerStatus, Pod } from './pod.ts'

/** What keeps a pod from being ready, in the cluster's own words. */
export interface PodTrouble {
  /** `image`: it cannot be had. `crash`: it ends again and again. `ended`: it will not be started again. `waiting`: all else. */
  readonly kind: 'image' | 'crash' | 'ended' | 'unschedulable' | 'waiting'
  readonly container?: string
  readonly says: string
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
  if (phase === 'Failed' || phase === 'Succeeded') {
    const says = [reason, message].filter(Boolean).join(': ') || `it ended (${phase})`
    return { kind: 'ended', says }
  }
  for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    const trouble = containerTrouble(status)
    if (trouble) return trouble
  }
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    return { kind: 'unschedulable', says: scheduled.message ?? scheduled.reason ?? 'no node was found for it' }
  }
  const unready = conditions.find(({ type, status }) => type === 'Ready' && status !== 'True')
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
    const how = ended ? `, last with exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}` : ''
    const says = `it was started ${restartCount + 1} times and ended each time${how}`
    const hopeless = waiting?.reason === 'CrashLoopBackOff' && restartCount >= CRASHES
    return { kind: 'crash', container: name, says, ...(hopeless ? { hopelessAfter: 0 } : {}) }
  }
  if (waiting?.reason !== undefined && !['ContainerCreating', 'PodInitializing'].includes(waiting.reason)) {
    return { kind: 'waiting', container: name, says: wordsOf(waiting) }
  }
  return undefined
}

function wordsOf({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message].filter(Boolean).join(': ')
}

/** Whether a container was started again within these seconds: it may be about to end again. */
export function restartedWithin(pod: Pod, seconds: Seconds, now: Date): boolean {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses.some(({ restartCount, state }) => {
    const started = Date.parse(state?.running?.startedAt ?? '')
    return restartCount > 0 && Math.abs(now.getTime() - started) < seconds * 1000
  })
}
