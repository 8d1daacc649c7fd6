import { provisioningsOf, provisions } from '../../compare/standing.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { count } from '../../model/words.ts'
import type { ComparisonRule } from './comparison.ts'

/** Where arms are processes of one host, raised anew for every visit, blocks are the replicates and one cohort is no lack. */
export const oneCohort: ComparisonRule = {
  name: 'one-cohort',
  title: 'Clusters were provisioned more than once',
  judge({ record, valid }) {
    if (!provisions(record) || new Set(valid.map(({ trial }) => trial.cohort)).size !== 1) return []
    const { scenario } = record.run.plan
    const hasPair = scenario.arms.slice(1).some((arm) => isSameArm(arm, baselineOf(scenario)))
    return [
      {
        severity: 'warning',
        cause: 'All blocks were measured on one provisioning.',
        effect: `The intervals are of this provisioning only. Two provisionings of the same arm differ as well, and ${
          hasPair
            ? 'all that is known of it is what the A/A pair differs by, which is added on either side'
            : 'that part is missing'
        }.`,
        remedy: 'Set cohorts to 2 or more before you say that one mesh is faster than another.',
      },
    ]
  },
}

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
