import { provisioningsOf } from '../provisionings.ts'
import { count } from '../wording.ts'
import type { ComparisonRule } from './comparison.ts'

/** A node that dies, or a run that is resumed, gives an arm a new cluster in mid-cohort. */
export const twoProvisionings: ComparisonRule = {
  name: 'two-provisionings',
  title: 'An arm had one cluster throughout a cohort',
  judge({ trials }) {
    const byPlace = Map.groupBy(trials, ({ result: { trial } }) => JSON.stringify([trial.arm, trial.cohort]))
    return [...byPlace.values()].flatMap((group) => {
      const made = provisioningsOf(group).size
      const trial = group[0]?.result.trial
      if (made < 2 || !trial) return []
      return [
        {
          severity: 'warning' as const,
          cause: `${trial.arm} was measured on ${count(made, 'provisioning')} in cohort ${trial.cohort}: a node died, or the run was resumed.`,
          effect: 'Two clusters of the same arm differ, and here the difference is part of the scatter of its blocks.',
          remedy: 'Measure this cohort again without an interruption where the difference matters.',
          arm: trial.arm,
        },
      ]
    })
  },
}
