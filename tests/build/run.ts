import type { WholeRun } from '../../src/model/analysis.ts'
import { type Plan, type Trial, trialsOf } from '../../src/model/plan.ts'
import { type Provenance, RESULT_SCHEMA, type Reading, type Result, type Run } from '../../src/model/result.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'
import { type Otherwise, readingOf } from './reading.ts'
import { http, none, planOf, scenarioOf } from './scenario.ts'

const PROVENANCE: Provenance = {
  meshbench: '0.0.0',
  node: '24',
  commandLine: [],
  machine: { os: 'linux', kernel: '6', arch: 'x64', cpu: 'test', cores: 8, memoryBytes: 1, load: 0 },
  platform: 'simulated',
  tools: [],
}

/** `provenance`: what of it is otherwise. */
export function runOf(
  plan: Plan,
  { provenance, ...changes }: Partial<Omit<Run, 'provenance'>> & { readonly provenance?: Partial<Provenance> } = {},
): Run {
  return {
    schema: RESULT_SCHEMA,
    id: 'test',
    startedAt: '2026-01-01T00:00:00.000Z',
    digest: 'none',
    plan,
    provenance: { ...PROVENANCE, ...provenance },
    ...changes,
  }
}

/** The result of a trial: a reading, or a failure where `changes` have such an outcome. */
export function resultOf(trial: Trial, reading: Reading, changes: Partial<Result> = {}): Result {
  return {
    schema: RESULT_SCHEMA,
    run: 'test',
    trial,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:10.000Z',
    outcome: { status: 'measured', reading },
    ...changes,
  }
}

/** A reading that shares no histogram, time line or usage with others, as no two measurements do. Its figures stay. */
export function unlike(reading: Reading, order: number): Reading {
  const { latency, timeline, observation } = reading
  return {
    ...reading,
    latency: { ...latency, service: `${order}` },
    timeline: { ...timeline, p50: [order] },
    observation: {
      ...observation,
      usage: observation.usage.map((one) => ({ ...one, memoryBytes: one.memoryBytes + order })),
    },
  }
}

/** A result that stands alone, in the first block of a plan of its own. */
export function resultWith(otherwise: Otherwise = {}): { result: Result; plan: Plan } {
  const { arm = none, load = http } = otherwise
  const plan = planOf(scenarioOf({ arms: [arm], loads: [load] }))
  const [trial] = trialsOf(plan)
  if (!trial) throw new Error('a plan has trials')
  return { result: resultOf(trial, readingOf(otherwise)), plan }
}

/** A whole run; `of` says what is otherwise in each trial, or that it failed or is missing. */
export function recordOf(scenario: Scenario, of: (trial: Trial) => Otherwise | 'failed' | 'missing'): WholeRun {
  const plan = planOf(scenario)
  const results = trialsOf(plan).flatMap((trial): Result[] => {
    const otherwise = of(trial)
    if (otherwise === 'missing') return []
    const arm = scenario.arms.find(({ name }) => name === trial.arm) as Arm
    const load = scenario.loads.find(({ name }) => name === trial.load) as Load
    const result = resultOf(trial, readingOf({ arm, load, ...(otherwise === 'failed' ? {} : otherwise) }))
    if (otherwise !== 'failed') return [result]
    return [{ ...result, outcome: { status: 'failed', failure: { code: 'load', message: 'The load broke.' } } }]
  })
  return { run: runOf(plan), results, unreadable: [] }
}
