import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { provisions } from '../provisions.ts'
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
