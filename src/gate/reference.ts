import { z } from 'zod'
import { provenanceSchema } from '../model/result.ts'

export const PINNED_SCHEMA = 2

/** What `gate accept` writes: what was good, why, and what it was measured on. Made to be read in a diff. */
export const pinnedSchema = z.object({
  schema: z.literal(PINNED_SCHEMA),
  /** ISO 8601. */
  acceptedAt: z.string(),
  reason: z.string(),
  /** One or several: several show what nights differ by. */
  runs: z.array(z.string()).min(1),
  scenario: z.string(),
  profile: z.string(),
  platform: z.string(),
  baseline: z.string(),
  /** As asked for, by name: what was measured otherwise is not compared. */
  loads: z.record(z.string(), z.string()),
  /** Mesh and version that each arm asked for. */
  arms: z.record(z.string(), z.string()),
  provenance: provenanceSchema,
  /** Log-ratios to the baseline of the same block, by run and cohort; per cell `arm/load/metric`. */
  cells: z.record(z.string(), z.array(z.array(z.array(z.number())))),
})
export type Pinned = z.infer<typeof pinnedSchema>

/** Before several runs could be accepted. */
export const firstPinnedSchema = pinnedSchema
  .extend({ schema: z.literal(1), cells: z.record(z.string(), z.array(z.array(z.number()))) })
  .transform(
    ({ cells, ...head }): Pinned => ({
      ...head,
      schema: PINNED_SCHEMA,
      cells: Object.fromEntries(Object.entries(cells).map(([place, cohorts]) => [place, [cohorts]])),
    }),
  )
