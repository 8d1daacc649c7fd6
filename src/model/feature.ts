import { z } from 'zod'
import type { KubernetesObject } from './mesh.ts'
import { formatNumber } from './units.ts'

/** What came of a probe. The order is that of the legend. */
export const FEATURE_VERDICTS = {
  works: { title: 'works', mark: '✓', meaning: 'requests showed the behaviour with the objects, and not without them' },
  partly: {
    title: 'partly',
    mark: '◐',
    meaning: 'the behaviour was seen, but not reliably or not only with the objects',
  },
  'does-not-work': {
    title: 'does not work',
    mark: '✗',
    meaning: 'the objects were applied or refused, and requests did not show the behaviour',
  },
  unsupported: { title: 'unsupported', mark: '–', meaning: 'the project says that it does not have it' },
  'not-tried': {
    title: 'not tried',
    mark: '?',
    meaning: 'something else prevented the probe, or meshbench has no objects for this mesh yet',
  },
} as const
export type FeatureVerdict = keyof typeof FEATURE_VERDICTS

/** In the order of the matrix. */
export const FEATURE_GROUPS = {
  security: 'Security',
  traffic: 'Traffic management',
  resilience: 'Resilience',
  operation: 'Observability and extension',
} as const
export type FeatureGroup = keyof typeof FEATURE_GROUPS

const observationSchema = z.object({
  /** Without the objects, with them, after they were removed, or where the behaviour must be absent. */
  when: z.enum(['without', 'with', 'removed', 'elsewhere']),
  holds: z.boolean(),
  seen: z.string(),
})
/** What requests showed, in one sentence. */
export type FeatureObservation = z.infer<typeof observationSchema>

export const FEATURE_SCHEMA = 1

export const featureResultSchema = z.object({
  schema: z.literal(FEATURE_SCHEMA),
  run: z.string(),
  arm: z.string(),
  mesh: z.string(),
  /** Version of the mesh that is installed; absent where there is none. */
  version: z.string().optional(),
  feature: z.string(),
  verdict: z.enum(Object.keys(FEATURE_VERDICTS) as [FeatureVerdict, ...FeatureVerdict[]]),
  /** Why, in one sentence. */
  reason: z.string(),
  /** At most so many seconds passed from the moment that the objects were accepted until requests showed the behaviour: to the end of the first of three looks in a row that did. */
  effectAfter: z.number().optional(),
  /** The same from their removal until it was gone. */
  goneAfter: z.number().optional(),
  /** Where the project says that it is unsupported. */
  source: z.url({ protocol: /^https$/ }).optional(),
  /** The objects that were applied, as Kubernetes objects. Empty where the mesh does it by default. */
  objects: z.array(z.custom<KubernetesObject>((value) => typeof value === 'object' && value !== null)),
  observations: z.array(observationSchema),
  startedAt: z.string(),
  endedAt: z.string(),
})
/** One feature of one arm: a file in `features/` of the run's folder. */
export type FeatureResult = z.infer<typeof featureResultSchema>

/** "works within 0.3 s": a verdict in a cell. */
export function featureWords({ verdict, effectAfter }: Pick<FeatureResult, 'verdict' | 'effectAfter'>): string {
  const { title } = FEATURE_VERDICTS[verdict]
  if (verdict !== 'works' || effectAfter === undefined) return title
  // Looks are a tenth of a second apart.
  return `${title} within ${formatNumber(Math.max(1, Math.ceil(effectAfter * 10)) / 10)} s`
}
