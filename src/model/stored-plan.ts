import { z } from 'zod'
import { LEVELS } from './limits.ts'
import { trialSchema } from './result.ts'
import { CALL_ORDERS, ENTRANCES, FAULTS, METHODS, PROTOCOLS, PROVISIONS, SHAPES, USAGES } from './scenario.ts'

const share = z.number()

const armSchema = z.object({
  name: z.string(),
  mesh: z.string(),
  version: z.string().optional(),
  values: z.record(z.string(), z.unknown()).optional(),
  placement: z.string().optional(),
  context: z.string().optional(),
  replicas: z.number().optional(),
  idleServices: z.number().optional(),
  entrance: z.enum(ENTRANCES).exclude(['service']).optional(),
  inject: z.object({ delay: z.number() }).optional(),
  feature: z.string().optional(),
})

const requestSchema = z.object({
  path: z.string(),
  method: z.enum(METHODS),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  expectedStatus: z.number(),
  answer: z.number().optional(),
})

const serviceSchema = z.object({
  calls: z.array(z.string()),
  order: z.enum(CALL_ORDERS),
  answer: z.number(),
  delay: z.number(),
  slow: z.object({ share, delay: z.number() }).optional(),
  replicas: z.number(),
})

const manifestsSchema = z.object({
  manifests: z.string(),
  values: z.string().optional(),
  entrance: z.object({ ...requestSchema.shape, service: z.string(), port: z.number() }),
  ready: z.array(z.string()).optional(),
})

const workloadSchema = z.union([z.object({ services: z.record(z.string(), serviceSchema) }), manifestsSchema])

const loadSchema = z.object({
  name: z.string(),
  tool: z.string(),
  protocol: z.enum(PROTOCOLS),
  rate: z.union([z.number().positive(), z.literal('max')]),
  connections: z.number().positive(),
  generators: z.number().positive().optional(),
  payload: z.number(),
  warmup: z.number(),
  duration: z.number().positive(),
  script: z.string().optional(),
  scriptSha256: z.string().optional(),
  shape: z.enum(SHAPES).optional(),
  request: requestSchema.optional(),
  service: z.string().optional(),
  applicationSha256: z.string().optional(),
  operation: z.string().optional(),
  operationAt: z.number().optional(),
  skipped: z.record(z.string(), z.string()).optional(),
  capacity: z
    .object({
      p99: z.number().positive(),
      errors: share,
      min: z.number().positive(),
      max: z.number().positive(),
      width: z.number().positive(),
      budget: z.number().positive(),
    })
    .optional(),
})

const simulationSchema = z.object({
  latency: z.number(),
  spread: z.number(),
  effects: z.record(z.string(), z.object({})),
  noise: z.object({ trial: z.number(), block: z.number(), cohort: z.number() }),
  drift: z.number(),
  stalls: z.object({ every: z.number(), last: z.number(), jitter: z.number().optional() }).optional(),
  faults: z.array(z.object({ kind: z.enum(FAULTS), arm: z.string(), blocks: z.array(z.number()).optional() })),
  pace: z.number(),
})

const quantity = z.object({ unit: z.string(), value: z.number(), text: z.string() })
const cellLimitsSchema = z.object({ margin: share, minEffect: share, minAbsolute: quantity, nodata: z.enum(LEVELS) })

const limitsSchema = z.object({
  reference: z.union([z.string(), z.record(z.string(), z.string())]),
  pinned: z.string().optional(),
  metrics: z.array(z.string()),
  alpha: share,
  family: z.object({ method: z.string() }),
  blocks: z.object({ initial: z.number(), extendTo: z.number(), minValid: z.number() }),
  defaults: z.object({ ...cellLimitsSchema.shape, level: z.enum(LEVELS) }),
  assert: z.record(z.string(), z.union([z.enum(LEVELS), z.tuple([z.enum(LEVELS), cellLimitsSchema.partial()])])),
  budgets: z.record(z.string(), quantity),
  waivers: z.array(z.object({ match: z.string(), until: z.string(), reason: z.string() })),
})

export const cohortsSchema = z.array(
  z.object({
    cohort: z.number(),
    blocks: z.array(
      z.object({ block: z.number(), visits: z.array(z.object({ arm: z.string(), trials: z.array(trialSchema) })) }),
    ),
  }),
)

const labels = z.record(z.string(), z.string()).optional()
const clusterSchema = z.object({
  context: z.string().optional(),
  provision: z.enum(PROVISIONS).optional(),
  usage: z.enum(USAGES).optional(),
  nodes: z.object({ client: labels, server: labels, control: labels }).optional(),
})

/**
 * The shape of a plan as stored with a run. Its digest says whether it is as it was written, but whoever makes up a run makes
 * up its digest too, and everything that reads a plan relies on this shape.
 */
export const storedPlanSchema = z.object({
  scenario: z.object({
    name: z.string(),
    description: z.string().optional(),
    platform: z.string().optional(),
    profile: z.string(),
    isolation: z.string().optional(),
    cluster: clusterSchema.optional(),
    seed: z.number(),
    cohorts: z.number(),
    blocks: z.number(),
    idle: z.number().optional(),
    minEffect: share.optional(),
    arms: z.array(armSchema).min(1),
    loads: z.array(loadSchema),
    workload: workloadSchema.optional(),
    simulation: simulationSchema,
    gate: limitsSchema.optional(),
  }),
  cohorts: cohortsSchema,
  shard: z.object({ index: z.number(), of: z.number() }).optional(),
})
