import type { Load, Scenario } from '../../src/model/scenario.ts'
import { type Queue, trueCapacity } from './truth.ts'

/** What is simulated: levels of blocks scatter by 5 %, those of trials by 3 %, and the arm is 30 % slower than the baseline. */
const QUEUE: Queue = { latency: 0.01, spread: 0.3, connections: 4 }
const SLOWER = 1.3
export const GOAL = { p99: 0.04, errors: 0.001, min: 20, max: 2000, width: 0.05, budget: 180 }
const LOAD: Load = {
  name: 'capacity',
  tool: 'fortio',
  protocol: 'http',
  rate: GOAL.max,
  connections: QUEUE.connections,
  payload: 0,
  warmup: 1,
  duration: 8,
}

/** Seconds of one full trial, warm-up included. */
export const FULL = LOAD.warmup + LOAD.duration

export function scenarioWith(seed: number, loads: readonly Load[]): Scenario {
  return {
    name: 'capacity',
    platform: 'simulated',
    profile: 'equalised',
    seed,
    cohorts: 1,
    blocks: 5,
    arms: [
      { name: 'none', mesh: 'none' },
      { name: 'mesh', mesh: 'envoy-sidecar' },
    ],
    loads,
    simulation: {
      latency: QUEUE.latency,
      spread: QUEUE.spread,
      effects: { mesh: { latency: SLOWER } },
      noise: { trial: 0.03, block: 0.05, cohort: 0 },
      drift: 1,
      faults: [],
      pace: 0,
    },
  }
}

export const SEARCHED: readonly Load[] = [{ ...LOAD, capacity: GOAL }]

/** A load for each rate of a grid over the whole range whose steps are the goal's width. */
export const GRID: readonly (Load & { readonly rate: number })[] = rates().map((rate) => ({
  ...LOAD,
  name: `rate-${rate}`,
  rate,
}))

function rates(): number[] {
  const steps = Math.ceil(Math.log(GOAL.max / GOAL.min) / Math.log1p(GOAL.width))
  return Array.from({ length: steps + 1 }, (_, step) => Number((GOAL.min * (1 + GOAL.width) ** step).toPrecision(5)))
}

/** `requests`: how many are simulated for each rate that is tried. */
export function truths(requests?: number): Record<'none' | 'mesh', number> {
  const slower = { ...QUEUE, latency: QUEUE.latency * SLOWER }
  return { none: trueCapacity(QUEUE, GOAL.p99, requests), mesh: trueCapacity(slower, GOAL.p99, requests) }
}
