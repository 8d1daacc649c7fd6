import { blockCount, type Costs, type Plan, trialsOf } from '../model/plan.ts'
import { adviseDesign, type DesignAdvice } from './best-design.ts'
import { type Detectable, type Deviation, detectable } from './detectable.ts'
import { estimate, type TimeEstimate } from './estimate.ts'

/** What a reader wants to know of a plan before it is run. */
export interface PlanDescription {
  readonly scenario: Plan['scenario']
  readonly trials: number
  readonly blocks: number
  /** One row per block, or per arm's part of one: the arms in the order of their visits. */
  readonly orders: readonly { readonly cohort: number; readonly block: number; readonly arms: readonly string[] }[]
  readonly time: TimeEstimate
  readonly detectable: readonly Detectable[]
  /** How the same time would be spent best, where cohorts are clusters. */
  readonly designs: readonly DesignAdvice[]
}

export function describePlan(plan: Plan, costs: Costs, deviations: readonly Deviation[] = []): PlanDescription {
  const rows = plan.scenario.arms.length < 2 ? [] : detectable(plan, deviations)
  return {
    scenario: plan.scenario,
    trials: trialsOf(plan).length,
    blocks: blockCount(plan),
    orders: plan.cohorts.flatMap(({ cohort, blocks }) =>
      blocks.map(({ block, visits }) => ({ cohort, block, arms: visits.map(({ arm }) => arm) })),
    ),
    time: estimate(plan, costs),
    detectable: rows,
    designs: rows.flatMap((row) => adviseDesign(plan, costs, row) ?? []),
  }
}
