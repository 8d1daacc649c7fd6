import type { CapacityFinding, CapacityTrial, JudgedTrial, Problem } from '../../model/analysis.ts'
import type { HeldReading } from '../../model/result.ts'
import type { Capacity } from '../../model/scenario.ts'
import { formatLatency, formatRate, formatShare } from '../../model/units.ts'
import { MESH_ROLES } from '../../model/usage.ts'

/*
 * Whether a trial of a search met its goal. In a search overload is no mistake but the answer, so rules that find it do not make
 * such a trial invalid.
 */

/** A p99 this many times the goal, in a trial however short, is over. */
const FAR = 2
/** Share of requests that the schedule asked for and that were not sent, from which the rate was not carried, or not by far. */
const UNSENT = 0.01
const FAR_UNSENT = 0.05
/** Share of failed requests that is over by far, where the goal's own doubled is less. */
const FAR_ERRORS = 0.01

type Told = Exclude<CapacityFinding, 'unusable' | 'failed'>

/**
 * What a reading says of its rate; undefined where the load generator's own pauses decide it. Response times do not include
 * the generator's lateness; what it leaves uncertain is in the bounds of p99. `isGeneratorSlow`: it was the bottleneck, so that
 * what it did not send is no fault of the arm.
 */
export function told(
  reading: Pick<HeldReading, 'requests' | 'errors' | 'planned' | 'latency'>,
  { p99, errors }: Pick<Capacity, 'p99' | 'errors'>,
  isGeneratorSlow: boolean,
): Told | undefined {
  const { summary } = reading.latency
  const failed = reading.requests === 0 ? 0 : reading.errors / reading.requests
  if (failed > errors) return failed > Math.max(FAR * errors, FAR_ERRORS) ? 'far-over' : 'over'
  const seen = summary?.response?.p99 ?? 0
  const { lo, hi } = summary?.bounds?.p99 ?? { lo: seen, hi: seen }
  if (lo > p99) return lo > FAR * p99 ? 'far-over' : 'over'
  if (isGeneratorSlow) return undefined
  const unsent = (reading.planned - reading.requests) / reading.planned
  if (unsent > UNSENT) return unsent > FAR_UNSENT ? 'far-over' : 'over'
  // Without an upper bound p99 lies among requests that were never sent, which are slower than all others.
  if (hi === undefined) return 'over'
  return hi <= p99 ? 'under' : undefined
}

/** The finding of a trial that was judged by all rules. */
export function findingOf({ result: { outcome }, status }: JudgedTrial, goal: Capacity): CapacityFinding {
  if (outcome.status === 'failed') return 'failed'
  if (status !== 'valid') return 'unusable'
  return told(outcome.reading, goal, false) ?? 'unusable'
}

/** A trial of a search as the page shows it. */
export function capacityTrial(judged: JudgedTrial, goal: Capacity): CapacityTrial {
  const { trial, outcome } = judged.result
  const { rate = 0, duration = 0 } = trial.step ?? {}
  const common = { trial: trial.id, rate, duration, finding: findingOf(judged, goal) }
  if (outcome.status === 'failed') return common
  const { reading } = outcome
  const p99 = reading.latency.summary?.response?.p99 ?? 0
  const cores = coresOf(reading)
  return {
    ...common,
    ...(p99 > 0 && { p99 }),
    errors: (reading.errors + reading.planned - reading.requests) / reading.planned,
    answered: (reading.requests - reading.errors) / reading.seconds,
    ...(cores !== undefined && { cores }),
  }
}

function coresOf({ observation: { usage, seconds } }: Pick<HeldReading, 'observation'>): number | undefined {
  if (usage.length === 0) return undefined
  return usage.reduce((sum, { role, cpuSeconds }) => sum + (MESH_ROLES.has(role) ? cpuSeconds / seconds : 0), 0)
}

/** What is wrong with a trial of a search, of all that rules found in it. `overload`: names of rules that find overload. */
export function problemsInSearch(
  reading: HeldReading,
  goal: Capacity,
  problems: readonly Problem[],
  { overload, generator }: { readonly overload: ReadonlySet<string>; readonly generator: string },
): Problem[] {
  const isGeneratorSlow = problems.some(({ rule, severity }) => rule === generator && severity === 'invalid')
  if (told(reading, goal, isGeneratorSlow)) return problems.filter(({ rule }) => !overload.has(rule))
  return [
    {
      rule: 'goal-undecided',
      message: 'It cannot be said whether the goal was met',
      severity: 'invalid',
      cause: `p99 of ${formatLatency(goal.p99)} and errors of ${formatShare(goal.errors)} at most are the goal at ${rateOf(reading)}; pauses of the load generator can have decided it.`,
      effect: 'The trial is no bound of the capacity; the search measures this rate again.',
      remedy: 'Give the load generator more CPU, cores of its own or a machine of its own.',
    },
    ...problems,
  ]
}

function rateOf({ planned, seconds }: Pick<HeldReading, 'planned' | 'seconds'>): string {
  return formatRate(Number((planned / seconds).toPrecision(3)))
}
