import { loads } from '../src/loads/index.ts'
import type { Estimate } from '../src/model/analysis.ts'
import type { Plan } from '../src/model/plan.ts'
import type { RunningArm, Step, Testbed } from '../src/model/platform.ts'
import type { Load } from '../src/model/scenario.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import { kind } from '../src/platforms/kind/kind.ts'
import { parseScenario } from '../src/scenario/parse.ts'
import { readSite } from '../src/site/read-site.ts'
import { geometricInterval } from '../src/stats/intervals.ts'

/** Clusters of a scenario, for benchmarks that drive them by hand. Disposing of it removes them. */
export interface GateContext extends AsyncDisposable {
  readonly plan: Plan
  readonly testbed: Testbed
}

const { signal } = new AbortController()

export async function openBench(text: string, run: string): Promise<GateContext> {
  const { scenario, problems } = parseScenario(text, 'bench.yaml')
  if (!scenario) throw new Error(JSON.stringify(problems))
  const plan = makePlan(scenario)
  const [cohort] = plan.cohorts
  if (!cohort) throw new Error('an empty plan')
  const platform = kind({ site: await readSite(undefined, process.env), keep: false })
  await ended(platform.prepare(plan, signal))
  const testbed = await ended(platform.open(plan, cohort, { id: run }, signal))
  return { plan, testbed, [Symbol.asyncDispose]: () => testbed[Symbol.asyncDispose]() }
}

export async function raised({ plan, testbed }: GateContext, name: string): Promise<RunningArm> {
  const arm = plan.scenario.arms.find((one) => one.name === name)
  if (!arm) throw new Error(`there is no arm ${name}`)
  return await ended(testbed.raise(arm, signal))
}

export async function lowered({ plan, testbed }: GateContext, name: string): Promise<void> {
  const arm = plan.scenario.arms.find((one) => one.name === name)
  if (arm) await testbed.lower(arm)
}

/** Service times in seconds, as the harness measures them: warm-up, two snapshots, the access log read to its end. */
export async function harness(
  runningArm: RunningArm,
  load: Load,
  name: string,
): Promise<Readonly<Record<string, number>>> {
  const { commands, parse } = loads[load.tool]
  const { warmup, measure } = commands(load, runningArm.target(load), runningArm.dir, name)
  if (warmup) await (await runningArm.exec(warmup, signal)).discard()
  const window = await runningArm.observe()
  const execution = await runningArm.exec(measure, signal)
  const { usage } = await window.close()
  const { latency, requests } = await parse(execution, load)
  await execution.discard()
  const cpu = usage.filter(({ role }) => role === 'application').reduce((sum, one) => sum + one.cpuSeconds, 0)
  const { p50 = Number.NaN, p99 = Number.NaN } = latency.summary?.service ?? {}
  return { p50, p99, 'CPU of the server per million requests': (cpu / requests) * 1e6 }
}

export type Figures = Readonly<Record<string, number>>

/** The ratio of every figure, paired, with its interval. */
export function printRatios(title: string, pairs: readonly { readonly base: Figures; readonly arm: Figures }[]): void {
  console.log(`${title}, ${pairs.length} pairs:`)
  for (const name of Object.keys(pairs[0]?.base ?? {})) {
    const values = pairs.map(({ base, arm }) => ({ base: base[name] ?? Number.NaN, arm: arm[name] ?? Number.NaN }))
    console.log(`  ${name.padEnd(40)}${words(geometricInterval(values.map(({ base, arm }) => arm / base)))}`)
  }
}

function words(ratio: Estimate | undefined): string {
  const text = (value: number | undefined) => (value === undefined ? '?' : value.toFixed(3))
  return ratio ? `${text(ratio.center)} (${text(ratio.lo)} to ${text(ratio.hi)})` : 'no ratio'
}

async function ended<T>(steps: AsyncGenerator<Step, T>): Promise<T> {
  for (;;) {
    const next = await steps.next()
    if (next.done) return next.value
    console.error(`  ${next.value.arm ?? ''} ${next.value.title}`)
  }
}
