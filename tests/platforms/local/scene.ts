import type { Cohort, Plan } from '../../../src/model/plan.ts'
import type { RunningArm, Testbed } from '../../../src/model/platform.ts'
import type { Arm, Load, Protocol, Scenario } from '../../../src/model/scenario.ts'

export const cohort: Cohort = { cohort: 1, blocks: [] }

export function loadOf(protocol: Protocol, more: Partial<Load> = {}): Load {
  const shape = { rate: 500, connections: 4, payload: 0, warmup: 0, duration: 1 } as const
  return { name: protocol, tool: 'fortio', protocol, ...shape, ...more }
}

export function planOf(arms: readonly Arm[], loads: readonly Load[]): Plan {
  const simulation = { latency: 0.001, spread: 0, effects: {}, noise: { trial: 0, block: 0, cohort: 0 }, drift: 1 }
  const scenario: Scenario = {
    ...{ name: 'test', profile: 'equalised', seed: 1, cohorts: 1, blocks: 1 },
    ...{ arms, loads, simulation: { ...simulation, faults: [], pace: 0 } },
  }
  return { scenario, cohorts: [cohort] }
}

export async function raise(testbed: Testbed, arm: Arm, signal = new AbortController().signal): Promise<RunningArm> {
  const steps = testbed.raise(arm, signal)
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}
