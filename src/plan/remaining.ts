import type { Plan } from '../model/plan.ts'

/** What is left to do. Identities, orders and positions stay what they were: a resumed run keeps its schedule. */
export function remaining(plan: Plan, finished: ReadonlySet<string>): Plan {
  const cohorts = plan.cohorts
    .map(({ cohort, blocks }) => ({
      cohort,
      blocks: blocks
        .map(({ block, visits }) => ({
          block,
          visits: visits
            .map(({ arm, trials }) => ({ arm, trials: trials.filter(({ id }) => !finished.has(id)) }))
            .filter(({ trials }) => trials.length > 0),
        }))
        .filter(({ visits }) => visits.length > 0),
    }))
    .filter(({ blocks }) => blocks.length > 0)
  return { scenario: plan.scenario, cohorts }
}
