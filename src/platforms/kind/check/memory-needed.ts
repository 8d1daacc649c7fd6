import type { Arm, Isolation } from '../../../model/scenario.ts'
import type { Bytes } from '../../../model/units.ts'

const MIB = 1024 ** 2

/** Working set of a cluster of three nodes, idle for a quarter of an hour: 842 MiB measured (595 + 112 + 135). */
const CLUSTER: Bytes = 900 * MIB

/** What a mesh and the workload add: 220 MiB measured for istiod with a sidecar pair; Linkerd's control plane is like it. */
const MESH: Bytes = 300 * MIB

/** For the load generator, meshbench itself and the cache of files. */
const MEASURING: Bytes = 1024 * MIB

/** What a plan needs at once: frozen arms keep their memory. */
export function memoryNeeded(arms: readonly Pick<Arm, 'mesh'>[], isolation: Isolation): Bytes {
  const each = arms.map(({ mesh }) => CLUSTER + (mesh === 'none' ? 0 : MESH))
  const standing = isolation === 'frozen' ? each.reduce((sum, bytes) => sum + bytes, 0) : Math.max(0, ...each)
  return standing + MEASURING
}
