import { parseStrain, RESOURCES, type Strain } from '../../host/strain.ts'
import { Failure } from '../../model/failure.ts'
import { type Bytes, MICROS, type Seconds } from '../../model/units.ts'
import type { Pressure } from '../../model/usage.ts'

/** One node at one snapshot of a window. */
export interface NodeSnapshot {
  readonly cgroupVersion: 1 | 2
  /** Since the machine started. */
  readonly monotonic: Seconds
  /** Since the epoch. */
  readonly wall: Seconds
  /** How far apart the two clocks may have been read. */
  readonly clockDoubt: Seconds
  /** What reading the counters took. */
  readonly took: Seconds
  readonly host: HostTimes
  /** Of the whole machine, which all nodes share. */
  readonly strain: Strain
  /** The node's own root. */
  readonly total: CgroupCounters & { readonly cpuSeconds: Seconds; readonly memoryBytes: Bytes }
  /** By path below the root, without a slash at its ends. Units of systemd and pods have CPU only; containers have all. */
  readonly cgroups: ReadonlyMap<string, CgroupCounters>
}

/** Absent: the kernel has no such counter, or it is 0 for throttling. All of them include what is below. */
export interface CgroupCounters {
  readonly cpuSeconds?: Seconds
  readonly throttledPeriods?: number
  readonly throttledSeconds?: Seconds
  /** The working set as the kubelet has it: what is charged, without inactive pages of files. */
  readonly memoryBytes?: Bytes
  /** Pages of files among `memoryBytes`. */
  readonly fileBytes?: Bytes
  /** The largest charge seen, pages of files included. */
  readonly peakBytes?: Bytes
  /** Threads of all processes. */
  readonly tasks?: number
  readonly pressure?: Pressure
  readonly majorFaults?: number
  /** At the end of a window: how far the growth of `cpuSeconds` since its beginning may be off, where it was not read just then. */
  readonly cpuDoubt?: Seconds
}

/** The cgroups of a node at one end of a window. */
export type CgroupSnapshot = Pick<NodeSnapshot, 'total' | 'cgroups'>

/** The whole machine since it started, of all its processors. */
interface HostTimes {
  readonly cores: number
  readonly busy: Seconds
  readonly stolen: Seconds
}

/** A function of the shell that prints the wall clock; `wallOf` reads what follows the word. */
export const WALL_CLOCK = `wall() {
  at=$(date +%s%N)
  case $at in
  *[!0-9]*) adjtimex | { while read -r name value _; do case $name in
    status:) status=$value ;;
    time.tv_sec:) seconds=$value ;;
    time.tv_usec:) echo "wall $seconds $value $status" ;;
    esac; done; } ;;
  *) echo "wall $at" ;;
  esac
}`

/** The nodes of a cluster at one snapshot, by their keys: see `MeasuredNode`. */
export type NodeSnapshots = ReadonlyMap<string, NodeSnapshot>

/**
 * What a node is asked at each snapshot of a window: `docker exec NODE sh -c <this>`. Five programs; CPU counters within a few
 * milliseconds of each other, and before the memory counters, which are no differences and may come later. What follows the
 * CPU counters at the opening snapshot, and what comes before them at the closing one, is inside the window and counts as the
 * node's own: about 20 ms of CPU on two busy cores, the same for every arm.
 *
 * What the host's tasks waited for (`/proc/pressure`, `/proc/vmstat`) is read with the CPU counters, and under version 2 what those
 * of each container waited for with its memory counters. A kernel may have none of it.
 *
 * Directories of containers are listed but not entered, since listing a directory of counters costs more than reading one of
 * them. Where the first hierarchy is version 1, services of the node often have no cgroup for `cpuacct`; the `unified`
 * hierarchy, where systemd mounts it beside, counts them all the same.
 *
 * Where the root of the hierarchy is the machine's own, version 2 has no counter of its memory: `/proc/meminfo` tells instead.
 * `CGROUP_ROOT` is where the hierarchy is mounted, in a pod that reads that of its node.
 *
 * `/proc/timer_list` begins with CLOCK_MONOTONIC in nanoseconds and costs no process; `/proc/uptime`, with a hundredth of a
 * second, is for nodes that may not read it. The wall clock needs a process, so it is read between two readings of the other;
 * `adjtimex` has what the `date` of busybox leaves out.
 */
export const snapshotScript = `
cpu= rest=
now() {
  if { read -r _ && read -r _ && read -r _ _ at _; } </proc/timer_list
  then echo "monotonic $at"
  else read -r at _ </proc/uptime; echo "uptime $at"
  fi
} 2>/dev/null
tree() { find "$1" -type d -print -path '*[-/]pod*/*' -prune; }
${WALL_CLOCK}
cd "\${CGROUP_ROOT:-/sys/fs/cgroup}" || exit
now
wall
now
if [ -e cgroup.controllers ]
then
  echo 'cgroup 2'
  set -f
  for path in $(tree .)
  do
    cpu="$cpu $path/cpu.stat"
    case $path in .|*[-/]pod*/*)
      rest="$rest $path/memory.current $path/memory.peak $path/memory.stat $path/pids.current"
      rest="$rest $path/cpu.pressure $path/memory.pressure $path/io.pressure"
    esac
  done
else
  echo 'cgroup 1'
  cpu=$(echo unified/cpu.stat unified/*/cpu.stat unified/*/*/cpu.stat)
  set -f
  for path in $(tree cpuacct/)
  do
    path=\${path#cpuacct/}
    cpu="$cpu cpuacct/$path/cpuacct.usage cpu/$path/cpu.stat"
    case $path in ''|*[-/]pod*/*)
      rest="$rest memory/$path/memory.usage_in_bytes memory/$path/memory.max_usage_in_bytes"
      rest="$rest memory/$path/memory.stat pids/$path/pids.current"
    esac
  done
fi
host='/proc/stat /proc/vmstat /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io'
grep -sHE '^([0-9]|cpu|usage_usec|nr_throttled [1-9]|throttled_(time|usec) [1-9]|pgmajfault|pswp|some|full)' $host $cpu
grep -sHE '^([0-9]|(total_)?(in)?active_file|pgmajfault|some|full)' $rest
grep -sHE '^Mem(Total|Available)' /proc/meminfo
now
`.trim()

/** Ticks per second that Linux shows in `/proc/stat`, on every architecture that runs containers. */
const TICKS = 100
/** `/proc/uptime` is cut to hundredths. */
const UPTIME_STEP: Seconds = 0.01

/** Raw counters of one cgroup by the file's name, and by the line's name where the file has several. */
type Raw = ReadonlyMap<string, number>

/** What `edgeScript` wrote. Throws a Failure where it is cut off, or where the node shows no counters of its own. */
export function parseSnapshot(text: string, node: string): NodeSnapshot {
  const lines = text.split('\n')
  const { monotonic, clockDoubt, took } = monotonicOf(lines, node)
  const cgroupVersion = only(lines, 'cgroup ', node) === '2' ? 2 : 1
  const raw = countersOf(lines, cgroupVersion)
  const cgroups = new Map([...raw].map(([path, counters]) => [path, cgroupOf(counters)] as const))
  const inUse = meminfoOf(lines)
  const total = { ...(inUse !== undefined && { memoryBytes: inUse }), ...cgroups.get('') }
  if (total?.cpuSeconds === undefined || total.memoryBytes === undefined) throw noTotal(node)
  const { cpuSeconds, memoryBytes } = total
  cgroups.delete('')
  return {
    cgroupVersion,
    monotonic,
    wall: wallOf(only(lines, 'wall ', node)),
    clockDoubt,
    took,
    host: hostOf(lines),
    strain: strainOf(lines),
    total: { ...total, cpuSeconds, memoryBytes },
    cgroups,
  }
}

/** The first two readings enclose that of the wall clock, the last ends the snapshot. */
function monotonicOf(lines: readonly string[], node: string) {
  const readings = lines.flatMap((line) => {
    const [clock, value] = line.split(' ')
    if (clock === 'monotonic') return [{ at: Number(value) / 1e9, step: 0 }]
    return clock === 'uptime' ? [{ at: Number(value), step: UPTIME_STEP }] : []
  })
  const [first, second, last] = readings
  if (!first || !second || !last) throw cutOff(node)
  return {
    monotonic: (first.at + second.at) / 2,
    clockDoubt: (second.at - first.at) / 2 + Math.max(first.step, second.step),
    took: last.at - second.at,
  }
}

/** The kernel counts in nanoseconds instead of microseconds while this bit of its status is set (STA_NANO of adjtimex(2)). */
export const IN_NANOSECONDS = 0x2000

/** `NANOSECONDS` of date, or `SECONDS FRACTION STATUS` of adjtimex. */
export function wallOf(text: string): Seconds {
  const [first = Number.NaN, fraction, status = 0] = text.split(' ').map(Number)
  if (fraction === undefined) return first / 1e9
  return first + fraction / ((status & IN_NANOSECONDS) === 0 ? 1e6 : 1e9)
}

/** Memory that the whole machine cannot give to others any more. */
function meminfoOf(lines: readonly string[]): Bytes | undefined {
  const kibibytes = (name: string) => {
    const found = lines.find((line) => line.startsWith(`/proc/meminfo:${name}:`))
    return found === undefined ? undefined : Number(/(\d+) kB/.exec(found)?.[1])
  }
  const [total, available] = [kibibytes('MemTotal'), kibibytes('MemAvailable')]
  return total === undefined || available === undefined ? undefined : (total - available) * 1024
}

function only(lines: readonly string[], start: string, node: string): string {
  const line = lines.find((one) => one.startsWith(start))
  if (line === undefined) throw cutOff(node)
  return line.slice(start.length)
}

/** Lines of grep: `memory/PATH/memory.stat:total_inactive_file 4096`, `./PATH/memory.peak:4096`. */
function countersOf(lines: readonly string[], version: 1 | 2): ReadonlyMap<string, Raw> {
  const all = new Map<string, Map<string, number>>()
  for (const line of lines) {
    const colon = line.lastIndexOf(':')
    if (colon < 0 || line.startsWith('/proc/')) continue
    const segments = line
      .slice(0, colon)
      .split('/')
      .filter((segment) => segment !== '' && segment !== '.')
    const file = segments.pop()
    const path = segments.slice(version === 1 ? 1 : 0).join('/')
    const words = line.slice(colon + 1).split(' ')
    const counters = all.get(path) ?? new Map<string, number>()
    // Of a line of pressure, `some avg10=0.00 … total=123`, its total.
    const total = /^total=(\d+)$/.exec(words.at(-1) ?? '')?.[1]
    const names = total === undefined ? words.slice(0, -1) : words.slice(0, 1)
    counters.set([file, ...names].join(' '), Number(total ?? words.at(-1)))
    all.set(path, counters)
  }
  return all
}

function cgroupOf(raw: Raw): CgroupCounters {
  const charged = raw.get('memory.current') ?? raw.get('memory.usage_in_bytes')
  const inactive = raw.get('memory.stat total_inactive_file') ?? raw.get('memory.stat inactive_file')
  const known = {
    cpuSeconds: scaled(raw.get('cpuacct.usage'), 1e9) ?? scaled(raw.get('cpu.stat usage_usec'), 1e6),
    throttledPeriods: raw.get('cpu.stat nr_throttled'),
    throttledSeconds:
      scaled(raw.get('cpu.stat throttled_usec'), 1e6) ?? scaled(raw.get('cpu.stat throttled_time'), 1e9),
    memoryBytes: charged === undefined ? undefined : Math.max(0, charged - (inactive ?? 0)),
    fileBytes: raw.get('memory.stat total_active_file') ?? raw.get('memory.stat active_file'),
    peakBytes: raw.get('memory.peak') ?? raw.get('memory.max_usage_in_bytes'),
    tasks: raw.get('pids.current'),
    pressure: pressureOf(raw),
    majorFaults: raw.get('memory.stat pgmajfault'),
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

/** What tasks of a cgroup waited for; undefined where the kernel does not say. */
function pressureOf(raw: Raw): Pressure | undefined {
  const resources = RESOURCES.flatMap((resource) => {
    const [some, full] = ['some', 'full'].map((line) => scaled(raw.get(`${resource}.pressure ${line}`), MICROS))
    return some === undefined ? [] : [[resource, { some, ...(full !== undefined && { full }) }] as const]
  })
  return resources.length === 0 ? undefined : Object.fromEntries(resources)
}

/** What grep found in the host's own files, each as the text that it is of. */
function strainOf(lines: readonly string[]): Strain {
  const textOf = (file: string) =>
    lines.flatMap((line) => (line.startsWith(`${file}:`) ? [line.slice(file.length + 1)] : [])).join('\n')
  return parseStrain((resource) => textOf(`/proc/pressure/${resource}`), textOf('/proc/vmstat'))
}

const scaled = (value: number | undefined, unit: number) => (value === undefined ? undefined : value / unit)

/** Fields: user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user and nice already. */
function hostOf(lines: readonly string[]): HostTimes {
  const rows = lines.filter((line) => line.startsWith('/proc/stat:cpu')).map((line) => line.slice('/proc/stat:'.length))
  const all = rows.find((row) => row.startsWith('cpu ')) ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = all.split(/\s+/).slice(1).map(Number)
  return {
    cores: rows.length - 1,
    busy: (user + nice + system + irq + softirq) / TICKS,
    stolen: stolen / TICKS,
  }
}

const cutOff = (node: string) =>
  new Failure('usage-unreadable', `The counters of node ${node} could not be read: their text is incomplete.`, {
    remedy: `Look at the node: docker exec ${node} ls /sys/fs/cgroup`,
  })

const noTotal = (node: string) =>
  new Failure('usage-unreadable', `Node ${node} shows no CPU and memory counters of its own.`, {
    cause:
      'The root of /sys/fs/cgroup in the node has no counters, so the node shares the cgroup namespace of its host.',
    remedy: 'Use a container engine that gives nodes a cgroup namespace of their own (Docker 20.10 or later).',
  })
