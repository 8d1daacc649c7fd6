import { z } from 'zod'
import { LEVEL_TEXT, PASS_LEVEL_TEXT } from '../model/confidence.ts'
import { type CellLimits, FAMILY_METHODS, LEVELS, type Limits, type Quantity } from '../model/limits.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { parseDuration, parseRate, parseSize } from '../model/units.ts'
import { about, say, section, share } from '../yaml/quantities.ts'
import { shown } from '../yaml/yaml-finding.ts'

/** A latency, a size, a rate, or a plain number of CPU-seconds per million requests. */
export const amount = z
  .union([z.string(), z.number()], { error: ({ input }) => notAnAmount(input) })
  .transform((written, context): Quantity => {
    const found = quantityOf(written)
    if (found) return found
    context.issues.push({ code: 'custom', input: written, message: notAnAmount(written) })
    return z.NEVER
  })

function quantityOf(written: string | number): Quantity | undefined {
  const text = String(written)
  if (typeof written === 'number') {
    return written >= 0 ? { unit: 'cpu-seconds-per-million', value: written, text: `${text} CPU-seconds` } : undefined
  }
  const ways = { seconds: parseDuration, bytes: parseSize, 'per-second': parseRate }
  for (const [unit, parse] of Object.entries(ways)) {
    const value = parse(text)
    if (value !== undefined) return { unit: unit as Quantity['unit'], value, text }
  }
  return undefined
}

function notAnAmount(input: unknown): string {
  return say(
    `${shown(input)} is not a value of any metric`,
    'Write a latency (12ms), a size (60MiB), a rate (500/s), or a plain number of CPU-seconds per million requests.',
  )
}

const level = z.enum(LEVELS)
const nodata = z.enum(['warn', 'error'])

const spread = section({
  deviation: share.meta(about('Deviation', 'Standard deviation of the ratio of equal arms on different clusters.')),
  cohorts: z.int().min(2).max(1000).meta(about('Cohorts', 'Number of provisionings behind the deviation.')),
})

const SPREAD = about('Spread', 'Scatter of equal arms between clusters; needed if clusters are provisioned only once.')
const runSpread = section({
  deviation: share.meta(
    about('Deviation', 'Standard deviation of the ratio to the baseline from one run to the next.'),
  ),
  runs: z.int().min(2).max(1000).meta(about('Runs', 'Number of runs behind the deviation.')),
})

const RUN_SPREAD = about(
  'Run spread',
  'For a pinned reference: the normal scatter between runs; needed if one run was accepted and there is no history.',
)
const NIGHT = about('Night', 'The old name of runSpread.')

/** Older files say `night`; so do stored runs, and the gate. */
function withRunSpread<Read extends { runSpread?: unknown; night?: unknown }>({ runSpread, ...read }: Read) {
  return { ...read, ...(runSpread !== undefined && { night: runSpread }) }
}
const margin = about('Margin', `A cell passes when its ${PASS_LEVEL_TEXT} upper bound is not worse than this.`, ['10%'])
const minEffect = about('Least effect', 'Smaller effects are no regression.', ['5%'])
const minAbsolute = about('Least difference', 'Smaller differences of a metric of this unit are no regression.', [
  '20us',
])
const noData = about('No data', 'Level of a cell that has too few valid blocks.')

const options = {
  margin: share.optional().meta(margin),
  minEffect: share.optional().meta(minEffect),
  minAbsolute: amount.optional().meta(minAbsolute),
  nodata: nodata.optional().meta(noData),
  spread: spread.optional().meta(SPREAD),
  runSpread: runSpread.optional().meta(RUN_SPREAD),
  night: runSpread.optional().meta(NIGHT),
} satisfies { [Key in keyof CellLimits | 'runSpread']: z.ZodType }

const day = z.string({ error: ({ input }) => notADay(input) }).refine(isDay, { error: ({ input }) => notADay(input) })

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && Number.isFinite(time) && new Date(time).toISOString().startsWith(text)
}

function notADay(input: unknown): string {
  return say(`${shown(input)} is not a day`, 'Write year, month and day: "2026-12-01".')
}

const PATTERN = 'Patterns are arm/load/metric, with * for any part of a name.'

/** The limits of `meshbench gate`, in a scenario or in a file of their own. */
export const gateSchema = section({
  reference: z
    .union([z.string(), z.record(z.string(), z.string())])
    .prefault('*-ref')
    .meta(about('Reference', 'Pairs of candidate: reference; or a rule such as *-ref for the names of references.')),
  pinned: z
    .string()
    .min(1)
    .optional()
    .meta(about('Pinned', 'A file written by `meshbench gate accept`, instead of reference arms.')),
  metrics: z
    .array(z.string())
    .min(1)
    .prefault([...SHOWN.gate])
    .meta(about('Metrics', 'Metrics that are judged for each candidate and load.')),
  alpha: z
    .number()
    .min(1e-6)
    .max(0.2)
    .prefault(0.004)
    .meta(about('Alpha', 'Probability of a false alarm in any cell of a run, and of a false improvement.')),
  family: section({
    method: z
      .enum(FAMILY_METHODS)
      .prefault('holm')
      .meta(
        about('Method', 'How cells share alpha: holm, or maxt (sign changes of whole blocks) for correlated cells.'),
      ),
  })
    .prefault({})
    .meta(about('Family', 'How the cells of a run are judged together.')),
  blocks: section({
    initial: z.int().min(2).max(1000).prefault(10).meta(about('Initial', 'Blocks of the first stage.')),
    extendTo: z
      .int()
      .min(2)
      .max(2000)
      .prefault(20)
      .meta(about('Extend to', 'Total blocks that `run --extend` gives to suspect cells.')),
    minValid: z.int().min(3).max(1000).prefault(8).meta(about('Least valid', 'Least valid blocks for a verdict.')),
  })
    .prefault({})
    .meta(about('Blocks', 'Blocks of the two stages, and how many must be valid.')),
  defaults: section({
    margin: share.prefault('10%').meta(margin),
    minEffect: share.prefault('5%').meta(minEffect),
    minAbsolute: amount.prefault('20us').meta(minAbsolute),
    level: level.prefault('error').meta(about('Level', 'error decides the exit code, warn does not.')),
    nodata: nodata.prefault('error').meta(noData),
    spread: spread.optional().meta(SPREAD),
    runSpread: runSpread.optional().meta(RUN_SPREAD),
    night: runSpread.optional().meta(NIGHT),
  })
    .transform(withRunSpread)
    .prefault({})
    .meta(about('Defaults', 'Limits of every cell, unless a rule of assert overrides them.')),
  assert: z
    .record(z.string(), z.union([level, z.tuple([level, section(options).transform(withRunSpread)])]))
    .prefault({})
    .meta(about('Assert', `A level, or [level, options], by pattern; later rules override earlier ones. ${PATTERN}`)),
  budgets: z
    .record(z.string(), amount)
    .prefault({})
    .meta(about('Budgets', `Absolute limits, held against the bound of the ${LEVEL_TEXT} interval. ${PATTERN}`)),
  waivers: z
    .array(
      section({
        match: z.string().meta(about('Match', PATTERN)),
        until: day.meta(about('Until', 'Last day of the waiver.', ['2026-12-01'])),
        reason: z.string().min(1).max(500).meta(about('Reason', 'Reason, shown with the verdict.')),
      }),
    )
    .prefault([])
    .meta(about('Waivers', `Known failures that do not count until the end of a day (UTC). ${PATTERN}`)),
})

/** The default limits. */
export function defaultLimits(): Limits {
  return gateSchema.parse({}) as Limits
}
