import { formatDuration } from '../model/units.ts'
import { count } from '../model/words.ts'
import { carriedOut, type Operation } from './operation-steps.ts'

export const nodeDrained: Operation = {
  name: 'node-drained',
  title: 'Node drained',
  does: 'The node of the server is taken out of use, and the pods of the arm on it are removed; they are made anew on another node.',
  needsOwnNodes: true,
  movesServer: true,
  lack: () => undefined,
  async prepare(site) {
    return {
      carryOut: async (signal) => {
        const seen: string[] = []
        return carriedOut(
          seen,
          async () => {
            seen.push(`Removed from the node: ${count(await site.drain(signal), 'pod')}.`)
            seen.push(`The server was ready on another node ${formatDuration(await site.scale(1, signal))} after that.`)
          },
          signal,
        )
      },
      restore: () => site.uncordon(),
    }
  },
}
