import { parseStrain, RESOURCES, type Strain } from '../../../host/strain.ts'
import { Failure } from '../../../model/failure.ts'
import { MICROS, type Seconds } from '../../../model/units.ts'
import type { Pressure } from '../../../model/usage.ts'
import type { CgroupCounters, HostTimes, NodeEdge } from './node-edge.ts'

/** Ticks per second that Linux shows in `/proc/stat`, on every architecture that runs containers. */
const TICKS = 100
/** `/proc/uptime` is cut to hundredths. */
const UPTIME_STEP: Seconds = 0.01

/** Raw counters of one cgroup by the file's name, and by the line's name where the file has several. */
type Raw = ReadonlyMap<string, number>

/** What `edgeScript` wrote. Throws a Failure where it is cut off, or where the node shows no counters of its own. */
export function parseEdge(text: string, node: string): NodeEdge {
  const lines = text.split('\n')
  const { monotonic, clockDoubt, took } = monotonicOf(lines, node)
  const cgroupVersion = only(lines, 'cgroup ', node) === '2' ? 2 : 1
  const raw = countersOf(lines, cgroupVersion)
  const cgroups = new Map([...raw].map(([path, counters]) => [path, cgroupOf(counters)] as const))
  const total = cgroups.get('')
  if (total?.cpuSeconds === undefined || total.memoryBytes === undefined) throw noTotal(node)
  const { cpuSeconds, memoryBytes } = total
  cgroups.delete('')
  return {
    cgroupVersion,
    monotonic,
    wall: Number(only(lines, 'wall ', node)) / 1e9,
    clockDoubt,
    took,
    host: hostOf(lines),
    strain: strainOf(lines),
    total: { ...total, cpuSeconds, memoryBytes },
    cgroups,
  }
}

/** The first two readings enclose that of the wall clock, the last ends the edge. */
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
    fix: `Look at the node: docker exec ${node} ls /sys/fs/cgroup`,
  })

const noTotal = (node: string) =>
  new Failure('usage-unreadable', `Node ${node} shows no CPU and memory counters of its own.`, {
    cause:
      'The root of /sys/fs/cgroup in the node has no counters, so the node shares the cgroup namespace of its host.',
    fix: 'Use a container engine that gives nodes a cgroup namespace of their own (Docker 20.10 or later).',
  })
