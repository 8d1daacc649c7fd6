import { formatDuration } from '../model/units.ts'
import { carriedOut, nothing, type Operation } from './operation-steps.ts'

export const serverRollout: Operation = {
  name: 'server-rollout',
  title: 'Rollout of the server',
  does: 'The pods of the server are replaced by new ones, as its Deployment does it: the new one has to be ready before the old one ends.',
  lack: () => undefined,
  async prepare(site) {
    return {
      carryOut: async (signal) => {
        const seen: string[] = []
        return carriedOut(
          seen,
          async () => {
            const { ready, gone } = await site.rollOut(signal)
            seen.push(
              `The new pod was ready after ${formatDuration(ready)}, the old one was gone after ${formatDuration(gone)}.`,
            )
          },
          signal,
        )
      },
      restore: nothing,
    }
  },
}
