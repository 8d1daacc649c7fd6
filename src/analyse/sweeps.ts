import type { Analysis, Cell, JudgedTrial, Sweep, SweepCurve } from '../model/analysis.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import { formatLatency, formatNumber, formatRate, type PerSecond } from '../model/units.ts'
import { count } from '../model/words.ts'
import { mean } from '../stats/moments.ts'
import { errors } from './rules/errors.ts'
import { generatorSaturated } from './rules/generator-saturated.ts'
import { rateNotHeld } from './rules/rate-not-held.ts'

/** Least number of rates in a sweep: with two, a curve cannot show a bend. */
const LEAST_RATES = 3

/** Metrics of a curve at every rate. */
const SHOWN = ['throughput', 'p50', 'p99'] as const

type Rated = Load & { readonly rate: PerSecond }

/** Curves of every arm over the rate, for each group of loads that differ only in name and rate. */
export function sweepsOf(scenario: Scenario, { cells, trials }: Pick<Analysis, 'cells' | 'trials'>): Sweep[] {
  const cellsOf = Map.groupBy(cells, ({ arm, load }) => JSON.stringify([arm, load]))
  const trialsOf = Map.groupBy(trials, ({ result: { trial } }) => JSON.stringify([trial.arm, trial.load]))
  return families(scenario.loads).map((loads) => ({
    loads: loads.map(({ name }) => name),
    curves: scenario.arms.map(({ name: arm }) => {
      const steps = loads.map((load) => {
        const key = JSON.stringify([arm, load.name])
        return stepOf(load, cellsOf.get(key) ?? [], trialsOf.get(key) ?? [])
      })
      return curveOf(arm, steps)
    }),
  }))
}

/** Slowest first. A closed loop has no rate that could grow. */
function families(loads: readonly Load[]): Rated[][] {
  const rated = loads.flatMap((load): Rated[] => (load.rate === 'max' ? [] : [{ ...load, rate: load.rate }]))
  const alike = Map.groupBy(rated, shapeOf)
  return [...alike.values()]
    .filter((family) => new Set(family.map(({ rate }) => rate)).size >= LEAST_RATES)
    .map((family) => family.toSorted((a, b) => a.rate - b.rate))
}

function shapeOf({ name: _name, rate: _rate, ...shape }: Rated): string {
  return JSON.stringify(Object.entries(shape).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function stepOf({ name, rate }: Rated, cells: readonly Cell[], trials: readonly JudgedTrial[]): Step {
  const estimates = SHOWN.flatMap((metric) => {
    const estimate = cells.find((cell) => cell.metric === metric)?.estimate
    return estimate ? [[metric, estimate] as const] : []
  })
  return { load: name, rate, ...Object.fromEntries(estimates), trials }
}

function curveOf(arm: string, steps: readonly Step[]): SweepCurve {
  const knee = kneeOf(steps)
  return { arm, points: steps.map(({ trials: _, ...point }) => point), ...(knee && { knee }) }
}

/** An arm at one rate, with every trial of it there. */
export type Step = SweepCurve['points'][number] & { readonly trials: readonly JudgedTrial[] }

/** Least share of the target rate that must be answered. */
const CARRIED = 0.98

/** A p99 this many times that of the lowest rate shows a queue. */
const QUEUED = 5

/**
 * Finds where an arm no longer keeps up, from the lowest rate upward. Estimates do not show it: trials that do not hold
 * their rate are invalid, so only the lucky trials of an overloaded arm are left. A rate without a conclusive trial is
 * skipped.
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
    const caution = also ? '; the load generator was saturated too, so it may be the limit' : ''
    return `${short.length} of ${count(trials.length, 'trial')} fell short of ${formatRate(rate)}, at ${rateText(mean(short.flatMap(answersOf)))} on average${caution}.`
  }
  if (!throughput || throughput.center >= CARRIED * rate) return undefined
  return `It answered ${rateText(throughput.center)} at a target rate of ${formatRate(rate)}.`
}

/** Compares p99 with that of the lowest rate that has one; very low rates have too few answers for it. */
function slowAnswers({ rate, p99 }: Step, steps: readonly Step[]): string | undefined {
  const calm = steps.find((step) => step.p99)
  if (!p99 || !calm?.p99 || p99.center <= QUEUED * calm.p99.center) return undefined
  const times = formatNumber(p99.center / calm.p99.center)
  return `p99 is ${formatLatency(p99.center)} at ${formatRate(rate)}, ${times} times the ${formatLatency(calm.p99.center)} at ${formatRate(calm.rate)}.`
}

/** Whether a trial is invalid because requests were not sent, sent too late, or failed. */
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
