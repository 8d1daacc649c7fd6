import type { ComparisonRule } from './comparison.ts'

/** Where blocks do not interleave the arms, changes over time look like differences between arms. */
export const sequential: ComparisonRule = {
  name: 'sequential',
  title: 'Arms were interleaved',
  problem: 'Arms were not interleaved',
  judge({ record }) {
    if (record.run.plan.scenario.isolation !== 'sequential') return []
    return [
      {
        severity: 'warning',
        cause: 'The arms were measured one after the other, each with all its blocks in a row (isolation: sequential).',
        effect: 'Changes of the machine over time cannot be separated from the cost of the meshes.',
        remedy: 'Use a machine with more memory, or fewer arms, and `--isolation frozen`.',
      },
    ]
  },
}
