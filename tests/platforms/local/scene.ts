import type { Cohort, Plan } from '../../../src/model/plan.ts'
import type { RunningArm, Testbed } from '../../../src/model/platform.ts'
import type { Arm, Load, Protocol } from '../../../src/model/scenario.ts'
import { loadOf as anyLoad, scenarioOf } from '../../build/scenario.ts'
import { opened } from '../opened.ts'

export const cohort: Cohort = { cohort: 1, blocks: [] }

export function loadOf(protocol: Protocol, more: Partial<Load> = {}): Load {
  return anyLoad({ name: protocol, protocol, rate: 500, connections: 4, payload: 0, warmup: 0, duration: 1, ...more })
}

export function planOf(arms: readonly Arm[], loads: readonly Load[]): Plan {
  return { scenario: scenarioOf({ cohorts: 1, blocks: 1, arms, loads }), cohorts: [cohort] }
}

export async function raise(testbed: Testbed, arm: Arm, signal = new AbortController().signal): Promise<RunningArm> {
  return opened(testbed.raise(arm, signal))
}
