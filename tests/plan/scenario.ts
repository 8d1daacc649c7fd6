import type { Load, Scenario } from '../../src/model/scenario.ts'

export function load(change: Partial<Load> = {}): Load {
  return {
    name: 'http-1k',
    tool: 'fortio',
    protocol: 'http',
    rate: 1000,
    connections: 8,
    payload: 1024,
    warmup: 5,
    duration: 10,
    ...change,
  }
}

/** A scenario with arms and loads by name. */
export function scenario(arms: readonly string[], loads: readonly string[], change: Partial<Scenario> = {}): Scenario {
  return {
    name: 'example',
    platform: 'local',
    profile: 'equalised',
    seed: 1,
    cohorts: 1,
    blocks: 4,
    arms: arms.map((name) => ({ name, mesh: 'none' })),
    loads: loads.map((name) => load({ name })),
    simulation: {
      latency: 0.0005,
      spread: 0.3,
      effects: {},
      noise: { trial: 0, block: 0, cohort: 0 },
      drift: 1,
      faults: [],
      pace: 0,
    },
    ...change,
  }
}
