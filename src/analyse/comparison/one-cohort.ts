import type { ComparisonRule } from './comparison.ts'

export const oneCohort: ComparisonRule = {
  name: 'one-cohort',
  title: 'Arms were provisioned more than once',
  judge({ valid }) {
    if (new Set(valid.map(({ trial }) => trial.cohort)).size !== 1) return []
    return [
      {
        severity: 'warning',
        cause: 'All blocks were measured on one provisioning.',
        effect:
          'The intervals are of this provisioning only. Two provisionings of the same arm differ as well, and that part is missing.',
        remedy: 'Set cohorts to 2 or more before you say that one mesh is faster than another.',
      },
    ]
  },
}
