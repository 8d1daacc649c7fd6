import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { readProc, readSafely } from '../../host/processes.ts'
import type { ProcessProxy } from '../../model/mesh.ts'
import { parseCpuList } from './proc.ts'

/** CPUs that generator, client side and server side have for themselves, as lists for taskset. */
export interface CpuSets {
  readonly generator: string
  readonly client: string
  readonly server: string
}

export interface Affinity {
  readonly sets?: CpuSets
  /** One sentence for the report. */
  readonly seen: string
}

/** Cores from which on there is enough for everybody to have their own. */
const ENOUGH = 4

/**
 * A quarter of the CPUs for the generator, a quarter for the proxies on the client's side, the rest for the server's side.
 * The list has hardware threads of one core side by side, so that no core is shared where it can be avoided.
 */
export function divideCpus(cpus: readonly number[]): CpuSets | undefined {
  if (cpus.length < ENOUGH) return undefined
  const quarter = Math.floor(cpus.length / 4)
  return {
    generator: cpus.slice(0, quarter).join(','),
    client: cpus.slice(quarter, 2 * quarter).join(','),
    server: cpus.slice(2 * quarter).join(','),
  }
}

export function affinityOf(cpus: readonly number[], hasTaskset: boolean): Affinity {
  const sets = divideCpus(cpus)
  if (!sets) return { seen: `not pinned: ${cpus.length} cores` }
  if (!hasTaskset) return { seen: 'not pinned: taskset is not installed' }
  return {
    sets,
    seen: `pinned: generator on CPU ${sets.generator}, client side on ${sets.client}, server side on ${sets.server}`,
  }
}

export function hostAffinity(): Affinity {
  return affinityOf(allowedCpus(), onPath('taskset'))
}

/** A waypoint stands before the service that it serves, as it does in clusters. */
export function cpusOfProxy(sets: CpuSets | undefined, { identity }: ProcessProxy): string | undefined {
  return identity === 'client' || identity === 'client-node' ? sets?.client : sets?.server
}

/** CPUs that this process may use, hardware threads of one core side by side. */
export function allowedCpus(): number[] {
  const cpus = parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(readProc('self/status') ?? '')?.[1] ?? '0')
  const core = (cpu: number) => {
    const read = (file: string) => Number(readSafely(`/sys/devices/system/cpu/cpu${cpu}/topology/${file}`) ?? 0)
    return read('physical_package_id') * 1e6 + read('core_id')
  }
  return cpus.sort((a, b) => core(a) - core(b) || a - b)
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
