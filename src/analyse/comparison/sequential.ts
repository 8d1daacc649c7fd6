import type { ComparisonRule } from './comparison.ts'

/** Blocks that do not interleave the arms cannot tell an arm from the hour in which it was measured. */
export const sequential: ComparisonRule = {
  name: 'sequential',
  title: 'Arms were interleaved',
  judge({ record }) {
    if (record.run.plan.scenario.isolation !== 'sequential') return []
    return [
      {
        severity: 'warning',
        cause: 'The arms were measured one after the other, each with all its blocks in a row (isolation: sequential).',
        effect: 'What changed on the machine between them cannot be told from what the meshes cost.',
        remedy: 'Give the machine more memory or the scenario fewer arms, and use `--isolation frozen`.',
      },
    ]
  },
}
