import { availableParallelism, cpus } from 'node:os'
import { readProc } from '../../host/processes.ts'
import { readStrain, type Strain, scheduledReclaim, strainBetween } from '../../host/strain.ts'
import type { Window } from '../../model/platform.ts'
import type { Carried, Evidence, Host, Observation, Role, Usage } from '../../model/usage.ts'
import type { GeneratorRun } from './generator.ts'
import {
  type CpuReading,
  cpuSeconds,
  type HostTicks,
  NO_CPU,
  parseHostStat,
  readCpu,
  readMemory,
  TICKS_PER_SECOND,
} from './proc.ts'

/** A process that is there for the whole window. */
export interface Watched {
  readonly component: string
  readonly role: Role
  readonly pid: number
}

interface WindowOptions {
  readonly watched: readonly Watched[]
  /** Generators that run or ran since the arm was raised; more may come while the window is open. */
  generators(): readonly GeneratorRun[]
  /** Reads the proxies' counters; the second call, at the closing snapshot, has both. */
  counters(): Promise<() => Promise<{ evidence: Evidence[]; carried?: Carried }>>
  /** Throws where a watched process is gone. */
  allRunning(): void
}

/** Read in one go, without waiting in between. */
interface Snapshot {
  readonly monotonic: number
  readonly wall: number
  readonly host: HostTicks
  readonly strain: Strain
  readonly watched: readonly CpuReading[]
  readonly generators: ReadonlyMap<GeneratorRun, CpuReading>
}

/** Counters are read outside of the two snapshots, so that answering costs the proxies nothing that is counted. */
export async function openWindow(options: WindowOptions): Promise<Window> {
  options.allRunning()
  const readAgain = await options.counters()
  const reclaim = scheduledReclaim()
  const open = readSnapshot(options)
  return {
    close: async (): Promise<Observation> => {
      const close = readSnapshot(options)
      options.allRunning()
      const usage = [...watchedUsage(options.watched, open, close), ...generatorUsage(open, close)]
      return {
        startedAt: open.wall / 1000,
        seconds: (close.monotonic - open.monotonic) / 1000,
        usage,
        ...(await readAgain()),
        host: { ...hostBetween(open, close), ...(reclaim && { reclaim }) },
      }
    },
  }
}

function readSnapshot({ watched, generators }: WindowOptions): Snapshot {
  return {
    monotonic: performance.now(),
    wall: Date.now(),
    host: parseHostStat(readProc('stat') ?? ''),
    strain: readStrain(),
    watched: watched.map(({ pid }) => readCpu(pid)),
    generators: new Map(generators().map((run) => [run, run.cpu()])),
  }
}

function watchedUsage(watched: readonly Watched[], open: Snapshot, close: Snapshot): Usage[] {
  return watched.map(({ component, role, pid }, index) => {
    const { bytes, threads } = readMemory(pid)
    const cpu = cpuSeconds(open.watched[index] ?? NO_CPU, close.watched[index] ?? NO_CPU)
    return { component, role, cpuSeconds: cpu, memoryBytes: bytes, threads }
  })
}

/** One that started within the window counts from its start; one that had ended before it does not grow any more. */
function generatorUsage(open: Snapshot, close: Snapshot): Usage[] {
  const runs = [...close.generators].map(([run, cpu]) => ({
    cpuSeconds: cpuSeconds(open.generators.get(run) ?? NO_CPU, cpu),
    memory: run.memory(),
    inWindow: !open.generators.has(run) || cpu !== open.generators.get(run),
  }))
  const counted = runs.filter(({ inWindow }) => inWindow)
  if (counted.length === 0) return []
  const seconds = counted.reduce((all, run) => all + run.cpuSeconds, 0)
  const memoryBytes = Math.max(...counted.map(({ memory }) => memory?.bytes ?? 0))
  return [{ component: 'generator', role: 'generator', cpuSeconds: seconds, memoryBytes }]
}

/** The wall clock is read in whole milliseconds, so its step is as well. */
function hostBetween(open: Snapshot, close: Snapshot): Host {
  const seconds = (close.monotonic - open.monotonic) / 1000
  const cores = (ticks: number) => ticks / TICKS_PER_SECOND / seconds
  return {
    cores: cpus().length || availableParallelism(),
    busyCores: cores(close.host.busy - open.host.busy),
    stolenCores: cores(close.host.stolen - open.host.stolen),
    clockStep: Math.round(close.wall - open.wall - (close.monotonic - open.monotonic)) / 1000,
    ...strainBetween(open.strain, close.strain),
  }
}
