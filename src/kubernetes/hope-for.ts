import type { Readiness } from '../model/mesh.ts'
import type { Seconds } from '../model/units.ts'
import type { Unready } from './explain.ts'
import type { Pod } from './pod.ts'
import { podTrouble, restartedWithin } from './pod-trouble.ts'

/** A container that crashes at once is ready for a moment after each start: after a crash, for how long it has to last. */
const STEADY: Seconds = 10

/** Gives up on pods whose trouble stays for longer than it takes to know that it will not end. */
export function hopeFor(giveUp: () => void) {
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
    for (const { target, pods } of unready) {
      for (const pod of pods) {
        const trouble = podTrouble(pod)
        if (trouble?.kind === 'crash') crashSeen = true
        const after = trouble?.kind === 'ended' && target.kind === 'Pod' ? 0 : trouble?.hopelessAfter
        if (trouble === undefined || after === undefined) continue
        const key = `${pod.metadata.uid} ${trouble.container} ${trouble.kind}`
        seen.add(key)
        if (since.has(key)) continue
        const timer = setTimeout(() => {
          lost = target
          giveUp()
        }, after * 1000)
        since.set(key, { target, timer })
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
