import { provisioningsOf, provisions } from '../../compare/standing.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { count } from '../../model/words.ts'
import type { ComparisonRule } from './comparison.ts'

/** One cohort is enough where arms are processes of one host: they are started anew for every visit, so blocks are the replicates. */
export const oneCohort: ComparisonRule = {
  name: 'one-cohort',
  title: 'Clusters were provisioned more than once',
  problem: 'One provisioning only',
  judge({ record, valid }) {
    if (!provisions(record) || new Set(valid.map(({ trial }) => trial.cohort)).size !== 1) return []
    const { scenario } = record.run.plan
    const hasPair = scenario.arms.slice(1).some((arm) => isSameArm(arm, baselineOf(scenario)))
    return [
      {
        severity: 'warning',
        cause: 'All blocks were measured on one provisioning.',
        effect: `The intervals hold for this provisioning only. Two provisionings of one arm also differ, and ${
          hasPair
            ? 'only the difference of the A/A pair, which is added on both sides of ratios, shows by how much; figures that the baseline does not have, such as CPU and memory of the mesh, do not include it'
            : 'the intervals do not include this'
        }.`,
        remedy: 'Use 2 or more cohorts before you claim that one mesh is faster than another.',
      },
    ]
  },
}

/** An arm gets a new cluster within a cohort when a node dies or the run is resumed. */
export const twoProvisionings: ComparisonRule = {
  name: 'two-provisionings',
  title: 'An arm had one cluster throughout a cohort',
  problem: 'An arm was provisioned again within a cohort',
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
          effect: 'Two clusters of one arm differ, and this difference adds to the scatter of its blocks.',
          remedy: 'If this matters, measure this cohort again without interruption.',
          arm: trial.arm,
        },
      ]
    })
  },
}
