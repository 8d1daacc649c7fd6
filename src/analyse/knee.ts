import type { JudgedTrial, SweepCurve } from '../model/analysis.ts'
import { formatLatency, formatNumber, formatRate, type PerSecond } from '../model/units.ts'
import { mean } from '../stats/moments.ts'
import { errors } from './rules/errors.ts'
import { generatorSaturated } from './rules/generator-saturated.ts'
import { rateNotHeld } from './rules/rate-not-held.ts'
import { count } from './wording.ts'

/** An arm at one rate, with every trial of it there. */
export type Step = SweepCurve['points'][number] & { readonly trials: readonly JudgedTrial[] }

/** Of what was asked for, this share at least has to be answered. */
const CARRIED = 0.98

/** A p99 so many times that at the lowest rate is of a queue, not of the work. */
const QUEUED = 5

/**
 * Where an arm stops keeping up, from the lowest rate upward. Estimates alone would not show it: trials that do not hold
 * their rate are invalid, and what is left of an overloaded arm are its lucky ones. A rate without any trial that tells is
 * neither carried nor not.
 */
export function kneeOf(steps: readonly Step[]): SweepCurve['knee'] {
  let carried: string | undefined
  for (const step of steps) {
    const why = fewAnswers(step) ?? slowAnswers(step, steps)
    if (why !== undefined) return { ...(carried !== undefined && { carried }), broke: step.load, why }
    if (step.throughput) carried = step.load
  }
  return undefined
}

function fewAnswers({ rate, throughput, trials }: Step): string | undefined {
  const short = trials.filter((trial) => fellShort(trial, rate))
  const valid = trials.filter(({ status }) => status === 'valid')
  if (short.length > valid.length) {
    const also = short.some((trial) => breaks(trial, generatorSaturated.name))
    const caution = also ? '; the load generator was saturated as well, so the limit may be its own' : ''
    return `${short.length} of ${count(trials.length, 'trial')} fell short of ${formatRate(rate)}, at ${rateText(mean(short.flatMap(answersOf)))} on average${caution}.`
  }
  if (!throughput || throughput.center >= CARRIED * rate) return undefined
  return `It answered ${rateText(throughput.center)} of the ${formatRate(rate)} that were asked for.`
}

/** By the lowest rate that has a p99: at very low ones too few answers lie beyond it. */
function slowAnswers({ rate, p99 }: Step, steps: readonly Step[]): string | undefined {
  const calm = steps.find((step) => step.p99)
  if (!p99 || !calm?.p99 || p99.center <= QUEUED * calm.p99.center) return undefined
  const times = formatNumber(p99.center / calm.p99.center)
  return `p99 is ${formatLatency(p99.center)} at ${formatRate(rate)}, ${times} times the ${formatLatency(calm.p99.center)} at ${formatRate(calm.rate)}.`
}

/** Invalid for requests that were never sent or sent too late, or for so many errors that the rest is too few. */
function fellShort(trial: JudgedTrial, rate: PerSecond): boolean {
  if (breaks(trial, rateNotHeld.name)) return true
  return breaks(trial, errors.name) && answersOf(trial).some((answers) => answers < CARRIED * rate)
}

function breaks({ problems }: JudgedTrial, name: string): boolean {
  return problems.some(({ rule, severity }) => rule === name && severity === 'invalid')
}

/** Successful answers per second; none where nothing was measured. */
function answersOf({ result: { outcome } }: JudgedTrial): PerSecond[] {
  if (outcome.status === 'failed') return []
  const { requests, errors, seconds } = outcome.reading
  return [(requests - errors) / seconds]
}

function rateText(rate: PerSecond): string {
  return formatRate(Number(rate.toPrecision(4)))
}
