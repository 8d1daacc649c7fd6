import { z } from 'zod'
import { LEVELS } from './limits.ts'
import { FAULTS, PROTOCOLS } from './scenario.ts'

/** What a stored run may say that this version does not know is kept. */
const section = z.looseObject
const share = z.number()

const armSchema = section({
  name: z.string(),
  mesh: z.string(),
  version: z.string().optional(),
  values: z.record(z.string(), z.unknown()).optional(),
  placement: z.string().optional(),
  replicas: z.number().optional(),
  inject: section({ delay: z.number() }).optional(),
})

const loadSchema = section({
  name: z.string(),
  tool: z.string(),
  protocol: z.enum(PROTOCOLS),
  rate: z.union([z.number().positive(), z.literal('max')]),
  connections: z.number().positive(),
  payload: z.number(),
  warmup: z.number(),
  duration: z.number().positive(),
})

const simulationSchema = section({
  latency: z.number(),
  spread: z.number(),
  effects: z.record(z.string(), section({})),
  noise: section({ trial: z.number(), block: z.number(), cohort: z.number() }),
  drift: z.number(),
  stalls: section({ every: z.number(), last: z.number(), jitter: z.number().optional() }).optional(),
  faults: z.array(section({ kind: z.enum(FAULTS), arm: z.string(), blocks: z.array(z.number()).optional() })),
  pace: z.number(),
})

const quantity = section({ unit: z.string(), value: z.number(), text: z.string() })
const cellLimitsSchema = section({ margin: share, minEffect: share, minAbsolute: quantity, nodata: z.enum(LEVELS) })

const limitsSchema = section({
  reference: z.union([z.string(), z.record(z.string(), z.string())]),
  pinned: z.string().optional(),
  metrics: z.array(z.string()),
  alpha: share,
  family: section({ method: z.string() }),
  blocks: section({ initial: z.number(), extendTo: z.number(), minValid: z.number() }),
  defaults: section({ ...cellLimitsSchema.shape, level: z.enum(LEVELS) }),
  assert: z.record(z.string(), z.union([z.enum(LEVELS), z.tuple([z.enum(LEVELS), cellLimitsSchema.partial()])])),
  budgets: z.record(z.string(), quantity),
  waivers: z.array(section({ match: z.string(), until: z.string(), reason: z.string() })),
})

const trialSchema = section({
  id: z.string(),
  cohort: z.number(),
  block: z.number(),
  arm: z.string(),
  load: z.string(),
  position: z.number(),
  order: z.number(),
})

export const cohortsSchema = z.array(
  section({
    cohort: z.number(),
    blocks: z.array(
      section({ block: z.number(), visits: z.array(section({ arm: z.string(), trials: z.array(trialSchema) })) }),
    ),
  }),
)

/**
 * The shape of a plan as stored with a run. Its digest says whether it is as it was written, but whoever makes up a run makes
 * up its digest too, and everything that reads a plan relies on this shape.
 */
export const storedPlanSchema = section({
  scenario: section({
    name: z.string(),
    description: z.string().optional(),
    platform: z.string().optional(),
    profile: z.string(),
    isolation: z.string().optional(),
    seed: z.number(),
    cohorts: z.number(),
    blocks: z.number(),
    idle: z.number().optional(),
    minEffect: share.optional(),
    arms: z.array(armSchema).min(1),
    loads: z.array(loadSchema),
    simulation: simulationSchema,
    gate: limitsSchema.optional(),
  }),
  cohorts: cohortsSchema,
  shard: section({ index: z.number(), of: z.number() }).optional(),
})
