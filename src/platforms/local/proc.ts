import { readdirSafely, readProc } from '../../host/processes.ts'

/** Parsers of what Linux says under /proc. All pure; units in the names. */

/** Clock ticks per second that Linux shows to programs: 100 on every architecture that Node runs on. */
export const TICKS_PER_SECOND = 100

interface ProcessStat {
  readonly state: string
  readonly parent: number
  /** Process group. */
  readonly group: number
  /** User and system time of the process, all its threads, dead ones included. */
  readonly ticks: number
  /** The same of its children that have ended and been waited for. */
  readonly childTicks: number
  readonly threads: number
  /** Ticks since boot: with the process id, names a process for good. */
  readonly startTime: number
}

/** `/proc/PID/stat`. The command's name may hold spaces and parentheses, so counting starts behind its last one. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    state: fields[0] ?? '?',
    parent: field(4),
    group: field(5),
    ticks: field(14) + field(15),
    childTicks: field(16) + field(17),
    threads: field(20),
    startTime: field(22),
  }
}

/** `/proc/PID/task/TID/schedstat`: time on a CPU, in nanoseconds. */
export function parseSchedstat(text: string): number {
  return Number(text.split(' ', 1)[0])
}

/** A line like `Pss:  65069 kB` of smaps_rollup or status, in bytes. */
export function parseKilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)
  return found ? Number(found[1]) * 1024 : undefined
}

/** First line of `/proc/stat`, in ticks of all CPUs. */
export interface HostTicks {
  readonly busy: number
  readonly stolen: number
}

/** Guest time is part of user time already. */
export function parseHostStat(text: string): HostTicks {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] =
    text.split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? []
  return { busy: user + nice + system + irq + softirq, stolen }
}

/** A list such as `0-3,8,10-11`. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

/** Soft limit of `Max open files` in `/proc/PID/limits`. */
export function parseOpenFiles(text: string): number {
  const found = /^Max open files\s+(\S+)/m.exec(text)?.[1]
  return found === undefined || found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found)
}

/** Inode of the socket that listens on an IPv4 loopback port, in `/proc/net/tcp`. */
export function parseListener(text: string, port: number): string | undefined {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/))
  return rows.find((row) => row[1] === local && row[3] === '0A')?.[9]
}

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
 * snapshots: they are believed only as far as they must exceed the threads' sum.
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

export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(`${pid}/stat`)
  return text === undefined ? undefined : parseStat(text)
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  const tasks = readdirSafely(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) => (readProc(`${pid}/task/${task}/children`) ?? '').trim().split(' '))
  return [pid, ...children.filter(Boolean).map(Number).flatMap(familyOf)]
}
