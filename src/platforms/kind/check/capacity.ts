import type { Finding } from '../../../model/platform.ts'
import type { Arm, Isolation } from '../../../model/scenario.ts'
import { type Bytes, formatSize } from '../../../model/units.ts'
import { error, ok, warning } from '../../findings.ts'
import { cpuCount, cpuSetsOf } from '../cluster/nodes.ts'
import type { DockerInfo } from '../docker.ts'
import { isWsl } from './daemon.ts'
import type { Readers } from './readers.ts'

/** A daemon in a virtual machine has this part of its memory left, once that machine has started. */
const LEFT_IN_A_MACHINE = 0.85

/** Memory that clusters can still take where the daemon runs. */
export async function memoryThere(info: DockerInfo, readers: Pick<Readers, 'os' | 'kernel' | 'text'>): Promise<Bytes> {
  const text = isHere(info, readers) ? await readers.text('/proc/meminfo') : undefined
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text ?? '')?.[1]
  return kilobytes === undefined ? info.memory * LEFT_IN_A_MACHINE : Number(kilobytes) * 1024
}

export function memoryFinding(
  info: Pick<DockerInfo, 'kernel'>,
  there: Bytes,
  arms: readonly Arm[],
  isolation: Isolation,
): Finding {
  const needed = memoryNeeded(arms, isolation)
  const clusters = {
    frozen: `${arms.length} arms that stand at once`,
    shared: `one cluster for ${arms.length} arms`,
    sequential: 'one arm at a time',
  }[isolation]
  if (there >= needed) return ok(`${formatSize(there)} of memory, for ${formatSize(needed)} of ${clusters}`)
  const message = `${formatSize(there)} of memory, and ${clusters} need ${formatSize(needed)}`
  const cause = 'What does not fit is killed or swapped, and takes its trials with it.'
  const fitting = (['shared', 'sequential'] as const).filter((one) => there >= memoryNeeded(arms, one))
  if (isolation === 'frozen' && fitting.length > 0) {
    return error(message, cause, `Add --isolation ${fitting.join(' or --isolation ')}, or leave arms out with --arms.`)
  }
  const more = isWsl(info.kernel)
    ? 'give WSL more: in Windows, memory= under [wsl2] of .wslconfig, then wsl --shutdown.'
    : 'give Docker Desktop more: Settings, Resources.'
  return error(message, cause, `Stop what else uses memory, or ${more}`)
}

export function coresFinding({ cores }: DockerInfo): Finding {
  const sets = cpuSetsOf(cores)
  if (!sets) {
    return warning(
      `${cores === 1 ? '1 core' : `${cores} cores`}: load generator, server, proxies and Kubernetes share them`,
      'Each takes time from the others, so latencies are higher and scatter more than between machines of their own.',
      'Compare arms with each other, at rates well below saturation; use at least 4 cores for figures to quote.',
    )
  }
  const [control, client, server] = [cpuCount(sets.control), cpuCount(sets.client), cpuCount(sets.server)]
  const shares = `${cores} cores: ${control} for the control planes, ${client} for the load generator with the proxy beside it, ${server} for the server with its own`
  if (server > 1) return ok(shares)
  return warning(
    shares,
    'Server and proxy take turns on one core: at high rates each waits for the other, and the arm whose proxy needs more CPU waits longer.',
    'Stay well below saturation, or use 5 cores or more.',
  )
}

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
  const sum = each.reduce((sum, bytes) => sum + bytes, 0)
  // Side by side, all meshes are in one cluster.
  const shared = sum - CLUSTER * Math.max(0, arms.length - 1)
  const clusters = { frozen: sum, shared, sequential: Math.max(0, ...each) }[isolation]
  return clusters + MEASURING
}

/** Whether the daemon shares this machine's kernel, so that what is seen here holds for it: else it has a virtual machine. */
export function isHere({ kernel }: DockerInfo, readers: Pick<Readers, 'os' | 'kernel'>): boolean {
  return readers.os === 'linux' && kernel === readers.kernel
}
