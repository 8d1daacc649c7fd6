import { type Costs, type Plan, trialsOf } from '../model/plan.ts'
import type { Seconds } from '../model/units.ts'
import { idleOf, loadOf, underLoad } from './estimate.ts'

/**
 * The wall clock still ahead, counted from the end of the last finished trial. `plan` is what this process set out to
 * run and `finished` what it has finished of that: the cohort and the visit it is in are paid for.
 */
export function eta(plan: Plan, finished: ReadonlySet<string>, costs: Costs): Seconds {
  const isFinished = ({ id }: { readonly id: string }) => finished.has(id)
  let seconds = 0
  for (const cohort of plan.cohorts) {
    const trials = trialsOf({ cohorts: [cohort] })
    if (!trials.some(isFinished)) seconds += costs.cohort
    for (const visit of cohort.blocks.flatMap(({ visits }) => visits)) {
      if (!visit.trials.some(isFinished)) seconds += costs.visit + idleOf(plan.scenario, costs)
    }
    for (const trial of trials) {
      if (!isFinished(trial)) seconds += costs.trial + underLoad(loadOf(plan.scenario, trial), costs)
    }
  }
  return seconds
}
