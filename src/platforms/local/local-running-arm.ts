import { setTimeout as sleep } from 'node:timers/promises'
import { loads } from '../../loads/index.ts'
import { Failure } from '../../model/failure.ts'
import type { ProcessMesh, Settings } from '../../model/mesh.ts'
import type { Command, Execution, RunningArm } from '../../model/platform.ts'
import type { Arm, Load } from '../../model/scenario.ts'
import type { LoadToolName } from '../../model/traits.ts'
import type { Evidence } from '../../model/usage.ts'
import { ENDPOINT_OF, type Endpoints, type Link, targetUrl } from './chain.ts'
import { readCounters } from './envoy/envoy-admin.ts'
import { carriedByChain, evidenceOf } from './envoy/envoy-evidence.ts'
import { type GeneratorRun, runGenerator } from './generator.ts'
import { openWindow, type Watched } from './local-window.ts'
import type { CpuSets } from './pin.ts'
import type { Child } from './processes-of-arm.ts'

interface RunningArmOptions {
  readonly arm: Arm
  readonly processes: ProcessMesh
  readonly settings: Settings
  readonly server: Child
  readonly links: readonly Link[]
  /** Aborted when the server or a proxy dies. */
  readonly broken: AbortSignal
  /** Where the first hop listens. */
  readonly entry: Endpoints
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly sets: CpuSets | undefined
  /** What is known since the arm was raised. */
  readonly facts: readonly Evidence[]
  program(name: LoadToolName): Promise<string>
}

/** An arm that is up. A process that dies breaks it for good: the arm must be raised anew. */
export function makeRunningArm(options: RunningArmOptions): RunningArm {
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

function target({ arm, processes, entry }: RunningArmOptions, load: Load): string {
  const address = entry.get(ENDPOINT_OF[load.protocol])
  if (!processes.protocols.includes(load.protocol) || !address) {
    throw new Failure('unsupported', `${arm.mesh} does not carry ${load.protocol} on the local platform`, {
      remedy: `Remove load ${load.name} or arm ${arm.name}; ${arm.mesh} carries ${processes.protocols.join(', ')}.`,
    })
  }
  if (arm.inject && !canDelay(load)) {
    throw new Failure(
      'unsupported',
      `arm ${arm.name} injects a delay, which the server cannot do for ${load.protocol}`,
      {
        remedy: 'Use http or http2 for loads on an arm with `inject`.',
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
  { dir, env, sets }: RunningArmOptions,
  about: { command: Command; program: string; signal: AbortSignal },
  generators: GeneratorRun[],
): Promise<Execution> {
  const started = (run: GeneratorRun) => void generators.push(run)
  const own = { ...env, ...loads[about.command.program].environment }
  return await runGenerator({ ...about, env: own, cwd: dir, cpus: sets?.generator, started })
}

type CountersOfAll = readonly Awaited<ReturnType<typeof readCounters>>[]

function evidence({ links, settings, facts }: RunningArmOptions, before: CountersOfAll, after: CountersOfAll) {
  if (links.length === 0) return { evidence: [...facts] }
  const hops = links.map(({ proxy, envoy: { info, inForce } }, index) => ({
    ...{ proxy, info, inForce },
    before: before[index] ?? new Map(),
    after: after[index] ?? new Map(),
  }))
  const carried = carriedByChain(hops)
  return { evidence: [...evidenceOf(hops, settings), ...facts], ...(carried ? { carried } : {}) }
}
