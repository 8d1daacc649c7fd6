import type { Plan, Trial } from '../../src/model/plan.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'

export const none: Arm = { name: 'none', mesh: 'none' }
export const noneAgain: Arm = { name: 'none-again', mesh: 'none' }
export const sidecar: Arm = { name: 'envoy-sidecar', mesh: 'envoy-sidecar' }

export function loadOf(changes: Partial<Load> = {}): Load {
  return {
    name: 'http-1k',
    tool: 'fortio',
    protocol: 'http',
    rate: 1000,
    connections: 8,
    payload: 1024,
    warmup: 5,
    duration: 10,
    ...changes,
  }
}

export const http = loadOf({ name: 'http-2k', rate: 2000, connections: 16, duration: 60 })

/** Three arms, of which two are the same, under one load in 2 × 4 blocks. */
export function scenarioOf(changes: Partial<Scenario> = {}): Scenario {
  return {
    name: 'test',
    platform: 'local',
    profile: 'equalised',
    seed: 1,
    cohorts: 2,
    blocks: 4,
    arms: [none, noneAgain, sidecar],
    loads: [http],
    simulation: {
      latency: 1e-3,
      spread: 0.3,
      effects: {},
      noise: { trial: 0, block: 0, cohort: 0 },
      drift: 1,
      faults: [],
      pace: 0,
    },
    ...changes,
  }
}

/** One cohort of 4 blocks with arms and loads of these names. */
export function named(arms: readonly string[], loads: readonly string[], changes: Partial<Scenario> = {}): Scenario {
  return scenarioOf({
    cohorts: 1,
    arms: arms.map((name) => ({ name, mesh: 'none' })),
    loads: loads.map((name) => loadOf({ name })),
    ...changes,
  })
}

/** Blocks in which the arms rotate, so that no arm keeps its place; or always in the order of the scenario. */
export function planOf(scenario: Scenario, { rotates = true } = {}): Plan {
  let order = 0
  const cohorts = Array.from({ length: scenario.cohorts }, (_, c) => ({
    cohort: c + 1,
    blocks: Array.from({ length: scenario.blocks }, (_, b) => {
      const block = c * scenario.blocks + b + 1
      const turn = rotates ? block : 0
      const arms = scenario.arms.map((_, place) => scenario.arms[(place + turn) % scenario.arms.length] as Arm)
      const visits = arms.map((arm, place) => ({
        arm: arm.name,
        trials: scenario.loads.map((load): Trial => {
          order += 1
          const id = `c${c + 1}-b${String(block).padStart(2, '0')}-${arm.name}-${load.name}`
          return { id, cohort: c + 1, block, arm: arm.name, load: load.name, position: place + 1, order }
        }),
      }))
      return { block, visits }
    }),
  }))
  return { scenario, cohorts }
}
