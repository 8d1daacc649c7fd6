import { BLOCKS_TO_DECIDE } from '../../model/plan.ts'
import { baselineOf } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import type { HeldView } from '../trial-view.ts'
import type { ComparisonRule } from './comparison.ts'

const BLOCKS_FOR_INTERVAL = 2

export const tooFewBlocks: ComparisonRule = {
  name: 'too-few-blocks',
  title: 'Every arm shares blocks with the baseline',
  problem: 'Too few blocks with the baseline',
  judge({ record, valid }) {
    const { scenario } = record.run.plan
    const baseline = baselineOf(scenario).name
    const blocks = Map.groupBy(valid, ({ arm, load }) => JSON.stringify([arm.name, load.name]))
    const of = (arm: string, load: string) => new Set((blocks.get(JSON.stringify([arm, load])) ?? []).map(blockOf))
    return scenario.arms.slice(1).flatMap(({ name }) => {
      // An arm that cannot have an operation has nothing to compare under its load.
      const few = scenario.loads
        .filter(({ skipped = {} }) => skipped[name] === undefined && skipped[baseline] === undefined)
        .map((load) => ({ load: load.name, n: of(name, load.name).intersection(of(baseline, load.name)).size }))
        .filter(({ n }) => n < BLOCKS_FOR_INTERVAL)
      if (few.length === 0) return []
      return [
        {
          severity: 'invalid' as const,
          cause: `Blocks with a valid trial of both ${name} and ${baseline}: ${list(few.map(({ load, n }) => `${n} under ${load}`))}.`,
          effect: 'An interval needs at least 2 such blocks, so no difference can be shown.',
          remedy: `Run at least ${BLOCKS_TO_DECIDE} blocks, or resume the run.`,
          arm: name,
        },
      ]
    })
  },
}

function blockOf({ trial }: HeldView): number {
  return trial.block
}
