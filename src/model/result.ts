import { z } from 'zod'
import type { FailureData } from './failure.ts'
import type { Cohort, Plan, Trial } from './plan.ts'
import { type FirstQuantileKey, perQuantile, type QuantileKey } from './quantiles.ts'
import { observationSchema } from './usage.ts'

export const RESULT_SCHEMA = 1
/** Of run.json. */
export const RUN_SCHEMA = 1
/** Of extension.json. */
export const EXTENSION_SCHEMA = 1

/** An array of numbers, checked at once: thousands of files have one number per second, and checking each is too slow. */
const columnSchema = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((one) => Number.isFinite(one)),
  'expected an array of numbers',
)

/**
 * The window by second, as columns. A request counts in the second of its intended send. Latencies are response times
 * (service times in a closed loop) of successful requests, in microseconds.
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
 * The window in slices of `seconds` whole seconds, which depend on the load only: see `sliceSeconds`. An incomplete slice at
 * the end is left out. A request counts at the time when it was due. p99 of successful requests, in microseconds.
 */
const slicesSchema = z.object({
  seconds: z.number(),
  /** Successful requests. */
  answers: columnSchema,
  p99: columnSchema,
  serviceP99: columnSchema,
  /** Requests whose response time is uncertain because of the load generator: see `disturbed`. */
  disturbed: columnSchema,
  /** p99 without and with these requests (unsent ones are slower than all). Absent where there are none. */
  bounds: z.object({ lo: columnSchema, hi: columnSchema }).optional(),
})
export type Slices = z.infer<typeof slicesSchema>

/** What the load tool reports about itself, for the validity rules. Values that a tool does not report are absent. */
const generatorSchema = z.object({
  version: z.string().optional(),
  /** Number of connections that were used. */
  connections: z.number(),
  /**
   * Seconds of lateness of the load generator: time as sent less response time. `inherited`: share of requests whose
   * connection was busy only because an earlier request was sent late. `disturbed`: share of requests sent after a pause of
   * the load generator.
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
  /** Share of sleeps that fell behind, as the tool reports it. */
  fallingBehind: z.number().optional(),
  uniform: z.boolean().optional(),
  catchUp: z.boolean().optional(),
  /** Sockets opened, warm-up included. */
  sockets: z.number().optional(),
  /** Requests that the tool sent again on a new connection without counting an error, as far as it reports them. */
  resent: z.number().optional(),
  /** Seconds by which the load generator's wall clock stepped during the window, positive for forward. Absent without a step. */
  clockStep: z.number().optional(),
  /** Largest number of sockets that one connection used. */
  socketsOfWorst: z.number().optional(),
  /** Mean time to connect, in seconds. */
  connect: z.number().optional(),
  /** Bytes of each answer. */
  answer: z.object({ min: z.number(), max: z.number(), mean: z.number() }).optional(),
  /** Number of connections by destination address. */
  destinations: z.record(z.string(), z.number()).optional(),
  /** Latencies of the first tenth and of the second half of the window, in seconds. */
  settling: z
    .object({ p50First: z.number(), p50Last: z.number(), p99First: z.number(), p99Last: z.number() })
    .optional(),
  /** Times when at least half of the connections stalled together: count and total seconds. */
  pauses: z
    .object({
      count: z.number(),
      seconds: z.number(),
      /** The longest ones, in order of time: start since the start of the window, and length, in seconds. */
      moments: z.array(z.object({ at: z.number(), seconds: z.number() })).optional(),
    })
    .optional(),
  /** Requests that timed out. Their latency is at least `timeout`. */
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

type StoredPerQuantile<Schema extends z.ZodType> = {
  [Key in QuantileKey]: Key extends FirstQuantileKey ? Schema : z.ZodOptional<Schema>
}

function storedPerQuantile<Schema extends z.ZodType>(schema: Schema): StoredPerQuantile<Schema> {
  return perQuantile((_, { added }) => (added ? schema.optional() : schema)) as StoredPerQuantile<Schema>
}

/**
 * Figures of a histogram in seconds, stored so that inference does not decode thousands of histograms, which would take
 * more time than everything else. The histogram is authoritative. All are 0 without samples.
 */
export const latencySummarySchema = z.object({
  count: z.number(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  ...storedPerQuantile(z.number()),
})
/** As it is stored: of a quantile that was added later, old trials have nothing. */
export type StoredSummary = z.infer<typeof latencySummarySchema>
export type LatencySummary = Pick<StoredSummary, 'count' | 'mean' | 'min' | 'max'> &
  Readonly<Record<QuantileKey, number>>

const boundsSchema = z.object({ lo: z.number(), hi: z.number().optional() })

/**
 * Bounds of a quantile of the response time in seconds, where the load generator disturbed requests or did not send them.
 * `lo`: without these requests. `hi`: with disturbed requests as they came, and unsent ones slower than all others; absent
 * where the quantile falls among unsent ones.
 */
const quantileBoundsSchema = z.object(storedPerQuantile(boundsSchema))
export type QuantileBounds = z.infer<typeof quantileBoundsSchema>

const groupSchema = z.object({
  /** Its path from the outermost group on; empty of what is in no group. */
  path: z.array(z.string()),
  requests: z.number(),
  errors: z.number(),
  /** Checks that held and that did not. */
  passed: z.number(),
  failed: z.number(),
  /** Service times of its successful requests, in seconds. */
  latency: latencySummarySchema,
  /** Time from its begin to its end, the script's own included, in seconds. Absent of what is in no group. */
  whole: latencySummarySchema.optional(),
})
/** What a script of the user's did in one of its groups. */
export type ScriptGroup = z.infer<typeof groupSchema>

/** What a script of the user's did in the window. Requests, errors and latencies of the trial are those of its single requests. */
const scriptSchema = z.object({
  /** Iterations in the schedule, those that ended, and those that were not begun; `planned` is that of the script itself where it has its own shape. */
  planned: z.number(),
  iterations: z.number(),
  dropped: z.number(),
  /** Time of an iteration, the script's own included, in seconds. */
  iteration: latencySummarySchema,
  groups: z.array(groupSchema),
  /** Each check by its group and name. */
  checks: z.array(z.object({ group: z.array(z.string()), name: z.string(), passed: z.number(), failed: z.number() })),
})
export type ScriptReading = z.infer<typeof scriptSchema>

const clockReadingSchema = z.object({ offset: z.number(), bound: z.number() })

/** Of a window: by one load generator, or by all of them together. */
const windowCounts = {
  /** Start of the window: seconds since the epoch, by the generator's clock. */
  startedAt: z.number(),
  /** First intended send to last answer. */
  seconds: z.number(),
  /** Requests in the schedule; equal to `requests` in a closed loop. */
  planned: z.number(),
  /** Requests that were sent and ended, including errors. */
  requests: z.number(),
  errors: z.number(),
  /** Requests in the schedule that were not sent. */
  dropped: z.number(),
  codes: z.record(z.string(), z.number()),
}

/** What one of several load generators did; counts of the trial are the sums. Times in seconds. */
const generatorReadingSchema = z.object({
  name: z.string(),
  node: z.string().optional(),
  ...windowCounts,
  /** How far its clock was ahead of the controller's before and after the window, and what that may be off by. */
  clock: z.object({ before: clockReadingSchema, after: clockReadingSchema }),
  summary: z.object({ service: latencySummarySchema, response: latencySummarySchema.optional() }),
  generator: generatorSchema,
  script: z.object({ planned: z.number(), iterations: z.number(), dropped: z.number() }).optional(),
})
export type GeneratorReading = z.infer<typeof generatorReadingSchema>

/** The measurement of the load tool in the window. */
export const measuredSchema = z.object({
  tool: z.string(),
  ...windowCounts,
  bytesReceived: z.number().optional(),
  /** HdrHistogram V2, compressed, base64, microseconds, 3 digits, successes only. `response` is absent in a closed loop, which has no intended send. */
  latency: z.object({
    service: z.string(),
    response: z.string().optional(),
    /** Time from the intended send to the answer, including lateness of the load generator. Absent in a closed loop. */
    asSent: z.string().optional(),
    /** Requests that were sent so late that the generator's pause determines their latency, by both clocks. Absent without such requests. */
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
  /** Absent in old results. */
  slices: slicesSchema.optional(),
  generator: generatorSchema,
  /** Each load generator, where several shared the load, and the agreed time of their first request by the controller's clock. */
  generators: z.object({ startAt: z.number(), each: z.array(generatorReadingSchema) }).optional(),
  /** Where the load has a script of the user's. */
  script: scriptSchema.optional(),
})
export type Measured = z.infer<typeof measuredSchema>

/**
 * What came of an operation under load. Times in seconds; `at` and `ended` since the start of the window. `ended`: when everything that
 * it set off had come to its end; absent where that was not so when the window ended.
 */
const operationSchema = z.object({
  name: z.string(),
  at: z.number(),
  ended: z.number().optional(),
  /** What was done and seen, a sentence each. */
  seen: z.array(z.string()),
  /**
   * Of an operation that changes how requests are answered: from the change until every answer was of the new kind (absent where that
   * was not seen), answers of the old kind after the first one of the new, and answers that were looked at.
   */
  change: z.object({ until: z.number().optional(), mixed: z.number(), answers: z.number() }).optional(),
  /** A pod that was made meanwhile: from its creation until it was ready; absent where it was not ready `within` that time. */
  pod: z.object({ ready: z.number().optional(), within: z.number() }).optional(),
})
export type OperationReading = z.infer<typeof operationSchema>

/**
 * How long the visit's pods took, in seconds since client and server were asked for: until both were ready with the proxies beside them,
 * and, after that, for each load generator to get an answer of each protocol of the loads through the whole path. What else a visit waits
 * for is left out of the second: the control plane, and pods of the visit before.
 */
const startSchema = z.object({ ready: z.number(), answered: z.number() })
export type StartReading = z.infer<typeof startSchema>

/** What a trial measured. */
const readingSchema = z.object({
  ...measuredSchema.shape,
  observation: observationSchema,
  /** The visit's idle window: the fresh arm without load. Absent in old results. */
  idle: observationSchema.optional(),
  /** Of the visit, as the idle window. Absent in old results, and where no pods are made. */
  start: startSchema.optional(),
  /** Where the load has an operation. */
  operation: operationSchema.optional(),
})
export type Reading = z.infer<typeof readingSchema>

/** `fix`: what files of earlier versions call the remedy. */
const failureSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    cause: z.string().optional(),
    remedy: z.string().optional(),
    fix: z.string().optional(),
  })
  .transform(({ fix, remedy = fix, ...rest }): FailureData => ({ ...rest, ...(remedy !== undefined && { remedy }) }))

const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('measured'), reading: readingSchema }),
  z.object({ status: z.literal('failed'), failure: failureSchema }),
])
export type Outcome = z.infer<typeof outcomeSchema>

export const trialSchema = z.object({
  id: z.string(),
  cohort: z.number(),
  block: z.number(),
  arm: z.string(),
  load: z.string(),
  position: z.number(),
  order: z.number(),
  step: z.object({ number: z.number(), rate: z.number().positive(), duration: z.number().positive() }).optional(),
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

/**
 * What is held in memory of every trial of a run. The rest (time line, slices, histograms, and what only the rules of one trial
 * read) is most of a trial's file: rules read it while the file is read, charts when they draw the trial (see `TrialDetails`).
 */
export type HeldReading = Omit<
  Reading,
  'latency' | 'timeline' | 'slices' | 'generator' | 'generators' | 'codes' | 'start'
> & {
  readonly latency: { readonly summary?: HeldSummary | undefined }
  readonly generator: HeldGenerator
  /** Checksums of its histogram of service time and of its time line, to find trials that are alike; absent of a whole one. */
  readonly checksums?: { readonly histogram: number; readonly seconds: number }
}
type HeldLatency = Pick<LatencySummary, 'p50' | 'p99'>
export interface HeldSummary {
  readonly service: HeldLatency
  readonly response?: HeldLatency | undefined
  readonly asSent?: HeldLatency | undefined
  readonly bounds?: QuantileBounds | undefined
}
/** What rules of the comparison and the gate read of the load generator. */
export const HELD_OF_GENERATOR = [
  'version',
  'connections',
  'late',
  'uniform',
  'catchUp',
  'timeout',
  'destinations',
  'sockets',
  'answer',
  'resent',
  'timeouts',
  'pauses',
] as const satisfies readonly (keyof Generator)[]
export type HeldGenerator = Pick<Generator, (typeof HELD_OF_GENERATOR)[number]>
export interface HeldResult extends Omit<Result, 'outcome'> {
  readonly outcome:
    | { readonly status: 'measured'; readonly reading: HeldReading }
    | Extract<Outcome, { readonly status: 'failed' }>
}

/** A program that the run used, with its origin and version. */
const toolSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** `configured`, `path`, `cache`, `go`, `pip`, `release`, … */
  origin: z.string(),
  sha256: z.string().optional(),
  /**
   * What it was checked against before it was run: a digest that stands in meshbench or in the site file (`pinned`), the
   * checksum that its publisher gives beside it (`published`), Go's checksum database (`go`), nothing (`unchecked`, which a site
   * file must ask for). Absent for what was on the machine already.
   */
  checked: z.enum(['pinned', 'published', 'go', 'unchecked']).optional(),
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

/** What a reader needs to assess and repeat a run. */
export const provenanceSchema = z.object({
  meshbench: z.string(),
  node: z.string(),
  commandLine: z.array(z.string()),
  /** State of the working directory; absent outside a repository. */
  git: z.object({ commit: z.string(), dirty: z.boolean() }).optional(),
  machine: machineSchema,
  platform: z.string(),
  /** One sentence about the limits of the platform's figures, shown on every page. */
  caveat: z.string().optional(),
  tools: z.array(toolSchema),
  /** The shards that were merged into this run. The other facts are those of the first shard. */
  mergedFrom: z.array(z.object({ run: z.string(), startedAt: z.string(), machine: machineSchema })).optional(),
})
export type Provenance = z.infer<typeof provenanceSchema>

/** `run.json`: the description of a run, written before its first trial. */
export interface Run {
  readonly schema: number
  readonly id: string
  readonly startedAt: string
  /** SHA-256 of the plan: a resumed run must have the same. */
  readonly digest: string
  readonly plan: Plan
  readonly provenance: Provenance
  /** The extension of the run. The plan includes its blocks; the digest does not. */
  readonly extension?: Extension
}

/** A candidate, its reference and a load that a gate suspects, to be confirmed by more blocks. */
export interface Suspect {
  readonly arm: string
  readonly reference: string
  readonly load: string
}

/** `extension.json`: blocks added to a run for the suspicions of its gate, written before the first of them. */
export interface Extension {
  readonly schema: number
  readonly run: string
  readonly madeAt: string
  /** SHA-256 of the scenario with these cohorts. */
  readonly digest: string
  readonly suspects: readonly Suspect[]
  /** Number of an existing cohort, to which the blocks belong. */
  readonly cohorts: readonly Cohort[]
}
