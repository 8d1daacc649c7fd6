import { setTimeout as sleep } from 'node:timers/promises'
import { loads } from '../../loads/index.ts'
import { Failure } from '../../model/failure.ts'
import type { ProcessMesh, Settings } from '../../model/mesh.ts'
import type { Command, Execution, Seat } from '../../model/platform.ts'
import type { Arm, Load, LoadToolName } from '../../model/scenario.ts'
import type { Evidence } from '../../model/usage.ts'
import type { Lanes, Link } from './chain.ts'
import type { Child } from './child.ts'
import { carriedByChain, evidenceOf } from './envoy/evidence.ts'
import { readCounters } from './envoy/stats.ts'
import { type GeneratorRun, runGenerator } from './generator.ts'
import { LANE_OF, targetUrl } from './lanes.ts'
import type { CpuSets } from './pin.ts'
import { openWindow, type Watched } from './window.ts'

export interface SeatOptions {
  readonly arm: Arm
  readonly processes: ProcessMesh
  readonly settings: Settings
  readonly server: Child
  readonly links: readonly Link[]
  /** Aborted when the server or a proxy dies. */
  readonly broken: AbortSignal
  /** Where the first hop listens. */
  readonly entry: Lanes
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly sets: CpuSets | undefined
  /** What is known since the arm was raised. */
  readonly facts: readonly Evidence[]
  program(name: LoadToolName): Promise<string>
}

/** An arm that is up. A process that dies breaks the seat for good: the arm must be raised anew. */
export function makeSeat(options: SeatOptions): Seat {
  const { links, server, broken } = options
  const generators: GeneratorRun[] = []
  const watched: Watched[] = [
    { component: 'server', role: 'application', pid: server.pid },
    ...links.map(({ proxy, envoy }) => ({ component: proxy.name, role: proxy.role, pid: envoy.child.pid })),
  ]
  const readAll = async () => {
    try {
      return await Promise.all(links.map(({ envoy }) => readCounters(envoy.child.pid)))
    } catch (error) {
      broken.throwIfAborted()
      throw Failure.from(error, 'no-counters', "a proxy's counters cannot be read")
    }
  }
  const counters = async () => {
    const before = await readAll()
    return async () => evidence(options, before, await readAll())
  }
  return {
    dir: options.dir,
    target: (load) => target(options, load),
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    exec: async (command, signal) => {
      const program = await options.program(command.program)
      return await execute(options, { command, program, signal: AbortSignal.any([signal, broken]) }, generators)
    },
    observe: () =>
      openWindow({
        watched,
        generators: () => generators,
        counters,
        allRunning: () => broken.throwIfAborted(),
      }),
  }
}

function target({ arm, processes, entry }: SeatOptions, load: Load): string {
  const address = entry.get(LANE_OF[load.protocol])
  if (!processes.protocols.includes(load.protocol) || !address) {
    throw new Failure('unsupported', `${arm.mesh} does not carry ${load.protocol} on the local platform`, {
      fix: `Leave load ${load.name} or arm ${arm.name} out; ${arm.mesh} carries ${processes.protocols.join(', ')}.`,
    })
  }
  if (arm.inject && !canDelay(load)) {
    throw new Failure(
      'unsupported',
      `arm ${arm.name} injects a delay, which the server cannot do for ${load.protocol}`,
      {
        fix: 'Use http or http2 for loads on an arm with `inject`.',
      },
    )
  }
  return targetUrl(load.protocol, address)
}

/** fortio's echo delays HTTP answers only. */
export function canDelay({ protocol }: Pick<Load, 'protocol'>): boolean {
  return protocol === 'http' || protocol === 'http2'
}

async function execute(
  { dir, env, sets }: SeatOptions,
  about: { command: Command; program: string; signal: AbortSignal },
  generators: GeneratorRun[],
): Promise<Execution> {
  const started = (run: GeneratorRun) => void generators.push(run)
  const own = { ...env, ...loads[about.command.program].environment }
  return await runGenerator({ ...about, env: own, cwd: dir, cpus: sets?.generator, started })
}

type CountersOfAll = readonly Awaited<ReturnType<typeof readCounters>>[]

function evidence({ links, settings, facts }: SeatOptions, before: CountersOfAll, after: CountersOfAll) {
  if (links.length === 0) return { evidence: [...facts] }
  const hops = links.map(({ proxy, envoy: { info, inForce } }, index) => ({
    ...{ proxy, info, inForce },
    before: before[index] ?? new Map(),
    after: after[index] ?? new Map(),
  }))
  const carried = carriedByChain(hops)
  return { evidence: [...evidenceOf(hops, settings), ...facts], ...(carried ? { carried } : {}) }
}
