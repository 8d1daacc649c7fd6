import { type Block, type Cohort, type Plan, type Trial, trialsOf } from '../model/plan.ts'
import type { Suspect } from '../model/result.ts'
import { makePlan, trialId } from './make-plan.ts'

interface ExtensionAbout {
  readonly suspects: readonly Suspect[]
  /** Blocks to be added, over all cohorts; rounded up to the same number in each. */
  readonly blocks: number
  /** Whether a cohort can be gone on with: not where its clusters are gone. */
  readonly provisionsAnew: boolean
}

/**
 * Fresh blocks for suspects only, to be measured after all others: as many cohorts as the plan has, with arms in newly
 * balanced orders. Blocks, orders and names go on from where those of the plan end.
 */
export function extendPlan(plan: Plan, { suspects, blocks, provisionsAnew }: ExtensionAbout): Cohort[] {
  const { scenario } = plan
  const arms = new Set(suspects.flatMap(({ arm, reference }) => [arm, reference]))
  const loads = new Set(suspects.map(({ load }) => load))
  const wanted = new Set(suspects.flatMap(({ arm, reference, load }) => [key(arm, load), key(reference, load)]))
  const fresh = makePlan({
    ...scenario,
    // Another seed: the order of the first blocks is not repeated.
    seed: (scenario.seed + 1) % 2 ** 32,
    arms: scenario.arms.filter(({ name }) => arms.has(name)),
    loads: scenario.loads.filter(({ name }) => loads.has(name)),
    blocks: Math.ceil(blocks / plan.cohorts.length),
    cohorts: plan.cohorts.length,
  })
  const before = plan.cohorts.flatMap((cohort) => cohort.blocks).reduce((most, { block }) => Math.max(most, block), 0)
  const last = plan.cohorts.reduce((most, { cohort }) => Math.max(most, cohort), 0)
  const size = { cohorts: provisionsAnew ? 2 * last : last, blocks: 2 * scenario.blocks }
  let order = trialsOf(plan).reduce((most, trial) => Math.max(most, trial.order), 0)
  const renamed = (trial: Trial, cohort: number): Trial => {
    const block = before + trial.block
    return { ...trial, id: trialId(size, cohort, block, trial.arm, trial.load), cohort, block, order: ++order }
  }
  return fresh.cohorts.map((one, index) => {
    const cohort = provisionsAnew ? last + index + 1 : (plan.cohorts[index]?.cohort ?? last)
    return { cohort, blocks: one.blocks.map((block) => only(block, wanted, (trial) => renamed(trial, cohort), before)) }
  })
}

function only(
  { block, visits }: Block,
  wanted: ReadonlySet<string>,
  renamed: (trial: Trial) => Trial,
  before: number,
): Block {
  return {
    block: before + block,
    visits: visits.map(({ arm, trials }) => ({
      arm,
      trials: trials.filter(({ load }) => wanted.has(key(arm, load))).map(renamed),
    })),
  }
}

/** The plan with what was added to it. */
export function extended(plan: Plan, added: readonly Cohort[]): Plan {
  const known = new Set(plan.cohorts.map(({ cohort }) => cohort))
  const cohorts = plan.cohorts.map(({ cohort, blocks }) => {
    const more = added.filter((one) => one.cohort === cohort).flatMap((one) => one.blocks)
    return { cohort, blocks: [...blocks, ...more] }
  })
  return { scenario: plan.scenario, cohorts: [...cohorts, ...added.filter(({ cohort }) => !known.has(cohort))] }
}

function key(arm: string, load: string): string {
  return JSON.stringify([arm, load])
}
