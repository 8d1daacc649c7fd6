import { Failure } from '../model/failure.ts'
import type { Load } from '../model/scenario.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import { list } from '../model/words.ts'
import { carriedOut, NO_MESH, type Operation } from './operation-steps.ts'

/** As long as outages that people plan for. */
const LONGEST: Seconds = 60

/** Half of what is left of the window, so that it is seen coming back too. */
function outageOf({ duration, operationAt = 0 }: Load): Seconds {
  return Math.min(LONGEST, (duration - operationAt) / 2)
}

export const controlPlaneDown: Operation = {
  name: 'control-plane-down',
  title: 'Control plane down',
  does: 'The control plane is scaled to 0 for half of the rest of the window (60 s at most), and a pod is made meanwhile.',
  keepsProxies: true,
  needsOwnMesh: true,
  lack: ({ layer, kubernetes }) => {
    if (layer === 'none') return NO_MESH
    if (!kubernetes || kubernetes.components.some(({ role }) => role === 'control-plane')) return undefined
    return 'it has no control plane'
  },
  async prepare(site, load) {
    const outage = outageOf(load)
    return {
      carryOut: async (signal) => {
        const seen: string[] = []
        let pod: { ready?: Seconds; within: Seconds } | undefined
        const ended = await carriedOut(
          seen,
          async () => {
            const names = await site.stopControlPlane(signal)
            const within = outage
            const made = site.makePod(within, signal).then(
              (ready) => {
                pod = { ready, within }
                seen.push(`A pod that was made meanwhile was ready after ${formatDuration(ready)}.`)
              },
              (error: unknown) => {
                signal.throwIfAborted()
                pod = { within }
                seen.push(
                  `A pod that was made meanwhile was not ready within ${formatDuration(within)}: ${reasonOf(error)}.`,
                )
              },
            )
            await Promise.all([site.wait(outage, signal), made])
            const back = await site.startControlPlane(signal)
            seen.push(
              `${list(names)} had no pod for ${formatDuration(outage)}, and was ready ${formatDuration(back)} after that.`,
            )
          },
          signal,
        )
        return { ...ended, ...(pod && { pod }) }
      },
      restore: async () => {
        await site.startControlPlane(new AbortController().signal)
        await site.removePod()
      },
    }
  },
}

function reasonOf(error: unknown): string {
  const { message, why } = Failure.from(error)
  return (why ?? message).replace(/\.$/, '')
}
