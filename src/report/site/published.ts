import { z } from 'zod'
import { historyEntries } from '../../analyse/over-runs/trends.ts'
import type { Analysis } from '../../model/analysis.ts'
import { historyEntrySchema } from '../../model/history.ts'
import { validityWords } from '../../model/words.ts'
import type { View } from '../data/view.ts'
import { headlineWords, machineWords, shortCaveat } from '../outputs/run-words.ts'

const PUBLISHED_SCHEMA = 1

/** What a site keeps of a run beside its page, so that index and history can be made when its results are long gone. */
export const publishedSchema = z.object({
  schema: z.literal(PUBLISHED_SCHEMA),
  /** Of the run's files; and the program that made the page. Where both are as before, the page is as it would be. */
  madeOf: z.string(),
  meshbench: z.string(),
  run: z.string(),
  scenario: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  platform: z.string(),
  profile: z.string(),
  machine: z.string(),
  caveat: z.string().optional(),
  valid: z.number(),
  planned: z.number(),
  validity: z.string(),
  headline: z.string(),
  /** Of a scenario that has a gate; `none` where it could not be judged. */
  gate: z.object({ verdict: z.string(), headline: z.string() }).optional(),
  history: z.array(historyEntrySchema),
})
export type Published = z.infer<typeof publishedSchema>

interface PublishedAbout extends Pick<Published, 'madeOf' | 'meshbench'> {
  readonly gate?: Published['gate']
}

export function publishedOf(view: View, analysis: Analysis, { madeOf, meshbench, gate }: PublishedAbout): Published {
  const { id, startedAt, plan, provenance } = analysis.record.run
  return {
    schema: PUBLISHED_SCHEMA,
    madeOf,
    meshbench,
    run: id,
    scenario: plan.scenario.name,
    startedAt,
    platform: provenance.platform,
    profile: plan.scenario.profile,
    machine: machineWords(provenance.machine),
    ...(provenance.caveat !== undefined && { caveat: shortCaveat(provenance.caveat) }),
    valid: analysis.trials.filter(({ status }) => status === 'valid').length,
    planned: analysis.trials.length + analysis.missing.length,
    validity: validityWords(analysis),
    headline: headlineWords(view),
    ...(gate && { gate }),
    history: historyEntries(analysis),
  }
}
