import { z } from 'zod'
import { failureSchema } from './failure.ts'
import type { Cohort, Plan, Trial } from './plan.ts'
import { observationSchema } from './usage.ts'

export const RESULT_SCHEMA = 1

/** Numbers, checked in one go: as many as a window has seconds, in thousands of files, are too many to check one by one. */
const columnSchema = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((one) => Number.isFinite(one)),
  'expected an array of numbers',
)

/**
 * One row per second of the window, columns side by side. Requests are placed in the second they were meant to be
 * sent in; latencies are the response time (the service time in a closed loop), successes only, in microseconds.
 */
const timelineSchema = z.object({
  requests: columnSchema,
  errors: columnSchema,
  p50: columnSchema,
  p90: columnSchema,
  p99: columnSchema,
  max: columnSchema,
})
export type Timeline = z.infer<typeof timelineSchema>

/**
 * The window in slices of `seconds` whole seconds, which follow from the load alone: see `sliceSeconds`. A part that is
 * left over at the end is in none. Requests are placed by the time they were due; p99 of successes, in microseconds.
 */
const slicesSchema = z.object({
  seconds: z.number(),
  /** Successes. */
  answers: columnSchema,
  p99: columnSchema,
  serviceP99: columnSchema,
  /** Requests whose response time the generator made unknown: see `disturbed`. */
  disturbed: columnSchema,
  /** What the p99 is without them, and with them as they came (what was never sent is slower than all). Absent where there are none. */
  bounds: z.object({ lo: columnSchema, hi: columnSchema }).optional(),
})
export type Slices = z.infer<typeof slicesSchema>

/** What the load tool says about itself; the validity rules read it. What a tool cannot say is absent. */
const generatorSchema = z.object({
  version: z.string().optional(),
  /** Connections that were really used. */
  connections: z.number(),
  /**
   * Seconds that the generator's own lateness added to a request: as-sent time less response time. `inherited`: share of
   * requests that found their connection taken only because an earlier one had been sent late. `disturbed`: share of
   * requests that came out of a pause of the generator.
   */
  late: z
    .object({
      p50: z.number(),
      p99: z.number(),
      max: z.number(),
      inherited: z.number().optional(),
      disturbed: z.number().optional(),
    })
    .optional(),
  /** Share of sleeps that fell behind, by the tool's own account. */
  fallingBehind: z.number().optional(),
  uniform: z.boolean().optional(),
  catchUp: z.boolean().optional(),
  /** Sockets opened, warm-up included. */
  sockets: z.number().optional(),
  /** Requests that failed on an open connection and that the tool sent again on a new one, counting no error; as far as it tells. */
  resent: z.number().optional(),
  /** Seconds by which the generator's wall clock was stepped within the window: forward above 0. Absent where it ran evenly. */
  clockStep: z.number().optional(),
  /** Largest number of sockets that one connection needed. */
  socketsOfWorst: z.number().optional(),
  /** Mean time to connect, in seconds. */
  connect: z.number().optional(),
  /** Bytes of each answer. */
  answer: z.object({ min: z.number(), max: z.number(), mean: z.number() }).optional(),
  /** Addresses that were connected to, with counts. */
  destinations: z.record(z.string(), z.number()).optional(),
  /** Latencies of the first tenth and of the second half of the window, in seconds. */
  settling: z
    .object({ p50First: z.number(), p50Last: z.number(), p99First: z.number(), p99Last: z.number() })
    .optional(),
  /** Moments in which at least half of the connections stalled together: count and total seconds. */
  pauses: z
    .object({
      count: z.number(),
      seconds: z.number(),
      /** The longest of them, in the order of time: their starts since the start of the window, and their lengths, in seconds. */
      moments: z.array(z.object({ at: z.number(), seconds: z.number() })).optional(),
    })
    .optional(),
  /** Requests that ended in a time-out; their latency is only known to be at least `timeout`. */
  timeouts: z.number().optional(),
  timeout: z.number().optional(),
  /** k6: p99 of the time blocked before a request, p95 of connecting, in seconds; script time beyond the request, as a share. */
  blockedP99: z.number().optional(),
  connectingP95: z.number().optional(),
  scriptShare: z.number().optional(),
  /** Warnings that the tool printed, shortened. */
  messages: z.array(z.string()),
})
export type Generator = z.infer<typeof generatorSchema>

/**
 * Read off a histogram while it was at hand, in seconds, so that inference need not decode it: over thousands of trials
 * that would cost more than everything else together. The histogram is the truth. All zero where there is no sample.
 */
export const latencySummarySchema = z.object({
  count: z.number(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
})
export type LatencySummary = z.infer<typeof latencySummarySchema>

const boundsSchema = z.object({ lo: z.number(), hi: z.number().optional() })

/**
 * Between what limits a quantile of the response time lies, in seconds, where the generator disturbed requests or never
 * sent them. `lo`: without these requests. `hi`: with the disturbed ones as late as they came, and those that were never
 * sent beyond all others; absent where the quantile is one of those.
 */
const quantileBoundsSchema = z.object({
  p50: boundsSchema,
  p90: boundsSchema,
  p99: boundsSchema,
  p999: boundsSchema,
})
export type QuantileBounds = z.infer<typeof quantileBoundsSchema>

/** What the load tool measured within the window. */
export const measuredSchema = z.object({
  tool: z.string(),
  /** Start of the window: seconds since the epoch, by the generator's clock. */
  startedAt: z.number(),
  /** First intended send to last answer. */
  seconds: z.number(),
  /** Requests that the schedule asked for; equal to `requests` in a closed loop. */
  planned: z.number(),
  /** Requests that were sent and ended, errors included. */
  requests: z.number(),
  errors: z.number(),
  /** Requests that the schedule asked for and that were never sent. */
  dropped: z.number(),
  codes: z.record(z.string(), z.number()),
  bytesReceived: z.number().optional(),
  /** HdrHistogram V2, compressed, base64, microseconds, 3 digits, successes only. `response` is absent in a closed loop, which has no intended send. */
  latency: z.object({
    service: z.string(),
    response: z.string().optional(),
    /** From the intended send to the answer as it came, the generator's own lateness included. Absent in a closed loop. */
    asSent: z.string().optional(),
    /** Of the requests that the generator sent so late that what they met was made by its own pause, by both clocks. Absent where there is none. */
    disturbed: z.object({ response: z.string(), asSent: z.string() }).optional(),
    summary: z
      .object({
        service: latencySummarySchema,
        response: latencySummarySchema.optional(),
        asSent: latencySummarySchema.optional(),
        /** Absent where every request was sent about when it was due. */
        bounds: quantileBoundsSchema.optional(),
      })
      .optional(),
  }),
  timeline: timelineSchema,
  /** Absent in results of before they were kept. */
  slices: slicesSchema.optional(),
  generator: generatorSchema,
})
export type Measured = z.infer<typeof measuredSchema>

/** What a trial measured. */
const readingSchema = z.object({
  ...measuredSchema.shape,
  observation: observationSchema,
  /** The visit's idle window: the same arm, freshly made, without load. Absent in results of before it was measured. */
  idle: observationSchema.optional(),
})
export type Reading = z.infer<typeof readingSchema>

const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('measured'), reading: readingSchema }),
  z.object({ status: z.literal('failed'), failure: failureSchema }),
])
export type Outcome = z.infer<typeof outcomeSchema>

const trialSchema = z.object({
  id: z.string(),
  cohort: z.number(),
  block: z.number(),
  arm: z.string(),
  load: z.string(),
  position: z.number(),
  order: z.number(),
}) satisfies z.ZodType<Trial>

/** One trial's file. Never rewritten. Times in ISO 8601. */
export const resultSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  run: z.string(),
  trial: trialSchema,
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: outcomeSchema,
})
export type Result = z.infer<typeof resultSchema>

/** A program that took part: where it came from and what exactly it was. */
const toolSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** `configured`, `path`, `cache`, `go`, `pip`, `release`, … */
  origin: z.string(),
  sha256: z.string().optional(),
})
export type ToolProvenance = z.infer<typeof toolSchema>

const machineSchema = z.object({
  os: z.string(),
  kernel: z.string(),
  arch: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  governor: z.string().optional(),
  virtual: z.string().optional(),
  load: z.number(),
})

/** What a reader needs to judge and to repeat a run. */
export const provenanceSchema = z.object({
  meshbench: z.string(),
  node: z.string(),
  commandLine: z.array(z.string()),
  /** Of the working directory; absent outside a repository. */
  git: z.object({ commit: z.string(), dirty: z.boolean() }).optional(),
  machine: machineSchema,
  platform: z.string(),
  /** One sentence that every page shows beside the figures: what the platform's figures are not. */
  caveat: z.string().optional(),
  tools: z.array(toolSchema),
  /** The shards that became this run; what stands above is of the first. */
  mergedFrom: z.array(z.object({ run: z.string(), startedAt: z.string(), machine: machineSchema })).optional(),
})
export type Provenance = z.infer<typeof provenanceSchema>

/** `run.json`: what a run is, written before its first trial. */
export interface Run {
  readonly schema: number
  readonly id: string
  readonly startedAt: string
  /** SHA-256 of the plan: a resumed run must have the same. */
  readonly digest: string
  readonly plan: Plan
  readonly provenance: Provenance
  /** Its blocks are in the plan already; they are not in the digest. */
  readonly extension?: Extension
}

/** A candidate, its reference and a load: what a gate suspects and more blocks confirm. */
export interface Suspect {
  readonly arm: string
  readonly reference: string
  readonly load: string
}

/** `extension.json`: blocks that were added to a run for what its gate suspected, written before the first of them. */
export interface Extension {
  readonly schema: number
  readonly run: string
  readonly madeAt: string
  /** SHA-256 of the scenario with these cohorts. */
  readonly digest: string
  readonly suspects: readonly Suspect[]
  /** A number that the run has already: more blocks of that cohort. */
  readonly cohorts: readonly Cohort[]
}
