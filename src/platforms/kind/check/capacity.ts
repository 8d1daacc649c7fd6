import type { Finding } from '../../../model/platform.ts'
import type { Arm, Isolation } from '../../../model/scenario.ts'
import { type Bytes, formatSize } from '../../../model/units.ts'
import { cpuCount, cpuSetsOf } from '../cluster/cpu-sets.ts'
import type { DockerInfo } from '../docker.ts'
import { isWsl } from './daemon.ts'
import { error, ok, warning } from './finding.ts'
import { isHere } from './is-here.ts'
import { memoryNeeded } from './memory-needed.ts'
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
  const standing = isolation === 'frozen' ? `${arms.length} arms that stand at once` : 'one arm at a time'
  if (there >= needed) return ok(`${formatSize(there)} of memory, for ${formatSize(needed)} of ${standing}`)
  const what = `${formatSize(there)} of memory, and ${standing} need ${formatSize(needed)}`
  const why = 'What does not fit is killed or swapped, and takes its trials with it.'
  if (isolation === 'frozen' && there >= memoryNeeded(arms, 'sequential')) {
    return error(what, why, 'Add --isolation sequential, or leave arms out with --arms.')
  }
  const more = isWsl(info.kernel)
    ? 'give WSL more: in Windows, memory= under [wsl2] of .wslconfig, then wsl --shutdown.'
    : 'give Docker Desktop more: Settings, Resources.'
  return error(what, why, `Stop what else uses memory, or ${more}`)
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
    'Server and proxy take turns on one core: at high rates each waits for the other, and the arm with the dearer proxy waits longer.',
    'Stay well below saturation, or use 5 cores or more.',
  )
}
