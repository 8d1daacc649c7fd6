import type { Mesh } from '../model/mesh.ts'
import { formatDuration } from '../model/units.ts'
import type { Role } from '../model/usage.ts'
import { carriedOut, NO_MESH, type Operation, type OperationSite, type Stopped } from './operation-steps.ts'

/** The proxies at the server, in the order in which one is chosen: where a waypoint reads requests, it is the one that is stopped. */
export const STOPPED: readonly Role[] = ['server-proxy', 'waypoint', 'node-proxy']

interface Stopping extends Pick<Operation, 'name' | 'title' | 'does'> {
  stop(site: OperationSite, signal: AbortSignal): Promise<Stopped>
  /** "was killed". */
  readonly how: string
}

/** Two operations that differ in how the proxy ends. */
export function stopping({ stop, how, ...about }: Stopping): Operation {
  return {
    ...about,
    needsOwnNodes: true,
    needsOwnMesh: true,
    lack: hasNoProxy,
    async prepare(site) {
      return {
        carryOut: async (signal) => {
          const seen: string[] = []
          return carriedOut(
            seen,
            async () => {
              const { what, ready } = await stop(site, signal)
              seen.push(`${what} ${how}, and was ready again after ${formatDuration(ready)}.`)
            },
            signal,
          )
        },
        restore: () => site.renewProxy(),
      }
    },
  }
}

function hasNoProxy({ layer, kubernetes }: Mesh): string | undefined {
  if (layer === 'none') return NO_MESH
  if (!kubernetes || kubernetes.components.some(({ role }) => STOPPED.includes(role))) return undefined
  return 'meshbench knows of no proxy of it at the server'
}
