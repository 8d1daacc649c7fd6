import { type Costs, type Plan, type Trial, trialsOf } from '../model/plan.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'

export interface TimeEstimate {
  readonly seconds: Seconds
  /** The part of it inside windows. */
  readonly measuring: Seconds
}

/** The wall clock that a plan takes. */
export function estimate(plan: Plan, costs: Costs): TimeEstimate {
  const trials = trialsOf(plan)
  const loads = trials.map((trial) => loadOf(plan.scenario, trial))
  const visits = plan.cohorts.flatMap(({ blocks }) => blocks.flatMap((block) => block.visits))
  const perVisit = costs.visit + idleOf(plan.scenario, costs)
  const overhead = plan.cohorts.length * costs.cohort + visits.length * perVisit + trials.length * costs.trial
  return {
    seconds: overhead + sum(loads.map((load) => underLoad(load, costs))),
    measuring: sum(loads.map((load) => costs.window ?? load.duration)),
  }
}

/** The idle window of a visit, on the wall clock. */
export function idleOf({ idle = 0 }: Pick<Scenario, 'idle'>, costs: Pick<Costs, 'window'>): Seconds {
  return costs.window === undefined ? idle : 0
}

/** Warm-up and window of a load, on the wall clock. */
export function underLoad(load: Load, costs: Pick<Costs, 'window'>): Seconds {
  return costs.window ?? load.warmup + load.duration
}

export function loadOf(scenario: Scenario, trial: Pick<Trial, 'load'>): Load {
  const load = scenario.loads.find(({ name }) => name === trial.load)
  if (!load) throw new TypeError(`the plan names load ${trial.load}, which its scenario lacks`)
  return load
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
