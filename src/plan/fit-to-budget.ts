import { Failure } from '../model/failure.ts'
import type { Costs, Plan } from '../model/plan.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import { estimate } from './estimate.ts'
import { makePlan } from './make-plan.ts'

/**
 * The plan with as many whole blocks as fit into a wall-clock budget: the same number in each cohort, in the orders
 * that they had. For a plan that has not begun; a resumed run keeps its own.
 */
export function fitToBudget(plan: Plan, costs: Costs, budget: Seconds): Plan {
  for (let blocks = plan.scenario.blocks; blocks >= 1; blocks--) {
    const candidate = blocks === plan.scenario.blocks ? plan : makePlan({ ...plan.scenario, blocks })
    if (estimate(candidate, costs).seconds <= budget) return candidate
  }
  const { cohorts } = plan.scenario
  const least = estimate(makePlan({ ...plan.scenario, blocks: 1 }), costs).seconds
  throw new Failure('usage', `a time budget of ${formatDuration(budget)} is too small for this plan`, {
    cause: `one block in ${cohorts === 1 ? 'its cohort' : `each of its ${cohorts} cohorts`} takes ${formatDuration(least)}`,
    fix: `Give at least --time-budget ${Math.ceil(least)}s, or choose fewer arms or loads.`,
  })
}
