import { formatDuration } from '../model/units.ts'
import { carriedOut, nothing, type Operation } from './operation-steps.ts'

/** What two cores bear beside everything else: each pod asks for a fifth of one, and a proxy beside it for a tenth. */
const MOST = 4

export const serverScale: Operation = {
  name: 'server-scale',
  title: `Server scaled 1 → ${MOST} → 1`,
  does: `The server is scaled from 1 to ${MOST} pods, and back to 1 as soon as all are ready.`,
  lack: () => undefined,
  async prepare(site) {
    return {
      carryOut: async (signal) => {
        const seen: string[] = []
        return carriedOut(
          seen,
          async () => {
            seen.push(`${MOST} pods were ready after ${formatDuration(await site.scale(MOST, signal))}.`)
            seen.push(`All but one were gone ${formatDuration(await site.scale(1, signal))} after that.`)
          },
          signal,
        )
      },
      restore: nothing,
    }
  },
}
