import { readdirSync, readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { loads } from '../../src/loads/index.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { RunningArm, Step } from '../../src/model/platform.ts'
import type { Measured } from '../../src/model/result.ts'
import type { Load } from '../../src/model/scenario.ts'
import { TOOLS } from '../../src/model/traits.ts'
import { local } from '../../src/platforms/local/local.ts'

export const signal = new AbortController().signal

export interface Reading {
  readonly measured: Measured
  /** The tool's own output files, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>
}

/** The first arm of a plan, raised on the local platform as a run would. */
export async function withSeat<T>(plan: Plan, use: (runningArm: RunningArm, run: string) => Promise<T>): Promise<T> {
  const platform = local()
  await last(platform.prepare(plan, signal))
  const [cohort] = plan.cohorts
  const [arm] = plan.scenario.arms
  if (!cohort || !arm) throw new Error('an empty plan')
  const id = `truth-${process.pid}`
  await using testbed = await last(platform.open(plan, cohort, { id }, signal))
  const runningArm = await last(testbed.raise(arm, signal))
  try {
    return await use(runningArm, id)
  } finally {
    await testbed.lower(arm)
  }
}

/** A load on a target, as a run puts it there; `during` runs beside it and is told when the window opens. */
export async function read(
  runningArm: RunningArm,
  load: Load,
  target: string,
  during: (opensAfter: number) => Promise<void> = async () => {},
): Promise<Reading> {
  const tool = loads[load.tool]
  const { warmup, measure, opensAfter } = tool.commands(load, target, runningArm.dir, `${load.name}-${Date.now()}`)
  if (warmup) await (await runningArm.exec(warmup, signal)).discard()
  const [execution] = await Promise.all([runningArm.exec(measure, signal), during(opensAfter)])
  const measured = await tool.parse(execution, load)
  const names = Object.keys(measure.outputs ?? {})
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await buffer(execution.read(name))] as const)),
  )
  await execution.discard()
  return { measured, files }
}

/** The process id of the server of a run, or of the load generator that is at work. */
export function processOf(run: string, which: 'server' | 'generator'): number {
  const verbs = which === 'server' ? ['server'] : ['load', 'run', 'attack']
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program, verb] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      const isTool = TOOLS.some((tool) => program?.includes(tool))
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`MESHBENCH_RUN=${run}`)
      if (isOurs && isTool && verbs.includes(verb ?? '')) return Number(pid)
    } catch {
      // A process that ended while we looked.
    }
  }
  throw new Error(`no ${which} of ${run}`)
}

async function last<T>(steps: AsyncGenerator<Step, T>): Promise<T> {
  let next = await steps.next()
  while (!next.done) next = await steps.next()
  return next.value
}
