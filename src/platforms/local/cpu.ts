import { readdirSafely, readProc } from '../../host/proc-files.ts'
import { parseKilobytes, parseSchedstat, TICKS_PER_SECOND } from './proc.ts'
import { familyOf, statOf } from './processes.ts'

/** CPU time that a process and its descendants have used so far. */
export interface CpuReading {
  /** Nanoseconds on a CPU, by thread: exact, but gone with the thread. */
  readonly threads: ReadonlyMap<number, number>
  /** User and system time in ticks, ended threads and ended children included: complete, but coarse. */
  readonly ticks: number
  readonly processes: number
}

export const NO_CPU: CpuReading = { threads: new Map(), ticks: 0, processes: 0 }

export function readCpu(pid: number): CpuReading {
  const family = familyOf(pid)
  const threads = new Map<number, number>()
  let ticks = 0
  for (const member of family) {
    const stat = statOf(member)
    ticks += stat ? stat.ticks + stat.childTicks : 0
    for (const task of readdirSafely(`/proc/${member}/task`)) {
      const text = readProc(`${member}/task/${task}/schedstat`)
      if (text !== undefined) threads.set(Number(task), parseSchedstat(text))
    }
  }
  return { threads, ticks, processes: family.length }
}

/**
 * CPU-seconds between two readings. The threads' sum is exact to about a scheduler tick (4 ms) for each running thread. Time
 * of threads and children that ended meanwhile is only in the ticks, of which user and system time are cut to 10 ms at both
 * edges: they are believed only as far as they must exceed the threads' sum.
 */
export function cpuSeconds(open: CpuReading, close: CpuReading): number {
  let nanoseconds = 0
  for (const [thread, value] of close.threads) nanoseconds += Math.max(0, value - (open.threads.get(thread) ?? 0))
  const ticks = close.ticks - open.ticks - 2 * close.processes
  return Math.max(nanoseconds / 1e9, ticks / TICKS_PER_SECOND)
}

export interface Memory {
  /** Proportional set size: pages shared with other processes are divided among them. Resident set size without it. */
  readonly bytes: number
  readonly threads: number
}

export function readMemory(pid: number): Memory {
  const members = familyOf(pid).map((member) => {
    const share = parseKilobytes(readProc(`${member}/smaps_rollup`) ?? '', 'Pss')
    return {
      bytes: share ?? parseKilobytes(readProc(`${member}/status`) ?? '', 'VmRSS') ?? 0,
      threads: statOf(member)?.threads ?? 0,
    }
  })
  const sum = (of: (one: Memory) => number) => members.reduce((all, one) => all + of(one), 0)
  return { bytes: sum((one) => one.bytes), threads: sum((one) => one.threads) }
}
