import { z } from 'zod'
import { provenanceSchema } from './result.ts'

export const PINNED_SCHEMA = 2

/** The file that `gate accept` writes: the accepted figures, the reason, and the provenance. Its layout suits diffs. */
export const pinnedSchema = z.object({
  schema: z.literal(PINNED_SCHEMA),
  /** ISO 8601. */
  acceptedAt: z.string(),
  reason: z.string(),
  /** Several runs show the scatter between runs. */
  runs: z.array(z.string()).min(1),
  scenario: z.string(),
  profile: z.string(),
  platform: z.string(),
  baseline: z.string(),
  /** The settings of each load, by name. A load with other settings is not compared. */
  loads: z.record(z.string(), z.string()),
  /** Mesh and version that each arm asked for. */
  arms: z.record(z.string(), z.string()),
  provenance: provenanceSchema,
  /** Log-ratios to the baseline of the same block, by run and cohort; per cell `arm/load/metric`. */
  cells: z.record(z.string(), z.array(z.array(z.array(z.number())))),
})
export type Pinned = z.infer<typeof pinnedSchema>

/** The schema that held one run only. */
export const firstPinnedSchema = pinnedSchema
  .extend({ schema: z.literal(1), cells: z.record(z.string(), z.array(z.array(z.number()))) })
  .transform(
    ({ cells, ...head }): Pinned => ({
      ...head,
      schema: PINNED_SCHEMA,
      cells: Object.fromEntries(Object.entries(cells).map(([place, cohorts]) => [place, [cohorts]])),
    }),
  )
