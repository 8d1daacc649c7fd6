import { quantileSorted } from 'simple-statistics'
import { typicalP99 } from '../../src/analyse/tail.ts'
import { pooled as pooledVariance, withinCohorts } from '../../src/compare/deviations.ts'
import { ONE_TAIL } from '../../src/model/confidence.ts'
import { BLOCKS_TO_DECIDE } from '../../src/model/plan.ts'
import type { Slices } from '../../src/model/result.ts'
import { MICROS, type Seconds } from '../../src/model/units.ts'
import { errorRates } from '../../src/plan/detectable.ts'
import { studentQuantile } from '../../src/stats/distributions.ts'
import { mean, sampleVariance } from '../../src/stats/moments.ts'
import { blocksToFind } from '../../src/stats/power.ts'
import type { Random } from '../../src/stats/random.ts'
import type { RecordedRun, RecordedTrial } from './recording.ts'

export const METRICS = ['p50', 'p99', 'typical-p99', 'service-p99', 'service-typical-p99'] as const
export type Metric = (typeof METRICS)[number]

/** What a trial says of a metric, in seconds. `first`: of so many seconds from the start of the window, where it is of slices. */
export function readingOf(trial: RecordedTrial, metric: Metric, first?: Seconds): number | undefined {
  if (metric !== 'typical-p99' && metric !== 'service-typical-p99') {
    const micros = trial.quantiles[metric]
    return micros === undefined ? undefined : micros / MICROS
  }
  const slices = first === undefined ? trial.slices : cut(trial.slices, first)
  const told = typicalP99({ slices }, metric === 'typical-p99' ? 'response' : 'service')
  return 'value' in told ? told.value : undefined
}

/** The slices that lie in the first seconds of a window whole. */
function cut({ seconds, answers, p99, serviceP99, disturbed, bounds }: Slices, first: Seconds): Slices {
  const inside = (column: readonly number[]) => column.slice(0, Math.floor(first / seconds))
  return {
    seconds,
    answers: inside(answers),
    p99: inside(p99),
    serviceP99: inside(serviceP99),
    disturbed: inside(disturbed),
    ...(bounds && { bounds: { lo: inside(bounds.lo), hi: inside(bounds.hi) } }),
  }
}

/** The log-ratio of an arm to the baseline in a block. */
interface BlockRatio {
  readonly cohort: number
  readonly block: number
  readonly ratio: number
}

/** Of the blocks in which both have a valid trial that tells the metric. */
export function logRatios(run: RecordedRun, arm: string, metric: Metric, first?: Seconds): BlockRatio[] {
  const of = (name: string) => run.trials.filter((trial) => trial.valid && trial.arm === name)
  const base = new Map(of(run.baseline).map((trial) => [trial.block, readingOf(trial, metric, first)]))
  return of(arm).flatMap((trial) => {
    const { cohort, block } = trial
    const [value = 0, other = 0] = [readingOf(trial, metric, first), base.get(block)]
    return value > 0 && other > 0 ? [{ cohort, block, ratio: Math.log(value / other) }] : []
  })
}

function byCohort(ratios: readonly BlockRatio[]): number[][] {
  return [...Map.groupBy(ratios, ({ cohort }) => cohort).values()].map((all) => all.map(({ ratio }) => ratio))
}

/** A standard deviation between blocks, with its degrees of freedom. */
export interface Scatter {
  readonly deviation: number
  readonly freedom: number
}

/** As the plan reckons it of earlier runs. */
export function scatterOf(ratios: readonly BlockRatio[]): Scatter | undefined {
  const within = withinCohorts(byCohort(ratios))
  return within && { deviation: Math.sqrt(within.variance), freedom: within.freedom }
}

/** The root mean square, each by its degrees of freedom. */
export function pooled(scatters: readonly (Scatter | undefined)[]): Scatter | undefined {
  const known = scatters.flatMap((one) => (one ? [{ variance: one.deviation ** 2, freedom: one.freedom }] : []))
  const { variance, freedom } = pooledVariance(known)
  return freedom === 0 ? undefined : { deviation: Math.sqrt(variance), freedom }
}

const othersOf = ({ arms, baseline }: RecordedRun) => arms.filter((arm) => arm !== baseline)

export function pooledScatter(run: RecordedRun, metric: Metric, first?: Seconds): Scatter | undefined {
  return pooled(othersOf(run).map((arm) => scatterOf(logRatios(run, arm, metric, first))))
}

/** By the product's own rates of error, and never fewer than may decide anything. */
export function blocksFor(effect: number, { deviation }: Scatter): number {
  return deviation === 0 ? BLOCKS_TO_DECIDE : Math.max(BLOCKS_TO_DECIDE, blocksToFind(effect, deviation, errorRates))
}

/** Valid trials that tell a metric. */
export function toldBy({ trials }: RecordedRun, metric: Metric): number {
  return trials.filter((trial) => trial.valid && readingOf(trial, metric) !== undefined).length
}

/** One arm beside the baseline, or all of them. */
export interface ScatterRow {
  readonly arm: string
  readonly scatter: Readonly<Partial<Record<Metric, Scatter>>>
}

export function scatterTable(run: RecordedRun): { readonly arms: readonly ScatterRow[]; readonly all: ScatterRow } {
  const rowOf = (arm: string, of: (metric: Metric) => Scatter | undefined): ScatterRow => ({
    arm,
    scatter: Object.fromEntries(METRICS.map((metric) => [metric, of(metric)]).filter(([, scatter]) => scatter)),
  })
  return {
    arms: othersOf(run).map((arm) => rowOf(arm, (metric) => scatterOf(logRatios(run, arm, metric)))),
    all: rowOf('all', (metric) => pooledScatter(run, metric)),
  }
}

const WINDOWS: readonly Seconds[] = [5, 8, 10, 15]

/** How the p99 of a typical second scatters with the length of the window, as far as windows were that long. */
export function windowTable(run: RecordedRun): { readonly seconds: Seconds; readonly scatter: Scatter }[] {
  return WINDOWS.flatMap((seconds) => {
    const scatter = seconds <= run.seconds ? pooledScatter(run, 'typical-p99', seconds) : undefined
    return scatter ? [{ seconds, scatter }] : []
  })
}

/** How many times as much one metric scatters as another in blocks that tell both, and the ends of its interval. */
export interface TimesAsMuch {
  readonly center: number
  readonly lo: number
  readonly hi: number
}

/** The limits are of runs made of the same blocks, some of them more than once and some not at all (bootstrap). */
export function timesAsMuch(
  run: RecordedRun,
  [metric, other]: readonly [Metric, Metric],
  { rounds, stream }: { rounds: number; stream: Random },
): TimesAsMuch | undefined {
  const ratios = [metric, other].map((one) =>
    othersOf(run).map((arm) => {
      const both = [metric, other].map((each) => new Set(logRatios(run, arm, each).map(({ block }) => block)))
      return logRatios(run, arm, one).filter(({ block }) => both.every((blocks) => blocks.has(block)))
    }),
  )
  const timesOf = (pick: (ratios: BlockRatio[]) => BlockRatio[]) => {
    const [one, two] = ratios.map((arms) => pooled(arms.map((arm) => scatterOf(pick(arm)))))
    return one && two && two.deviation > 0 ? one.deviation / two.deviation : undefined
  }
  const center = timesOf((all) => all)
  if (center === undefined) return undefined
  const cohorts = Map.groupBy(new Map(run.trials.map((trial) => [trial.block, trial])).values(), ({ cohort }) => cohort)
  const drawn = Array.from({ length: rounds }, () => {
    const blocks = [...cohorts.values()].flatMap((of) => of.map(() => of[stream.integer(of.length)]?.block))
    return timesOf((all) => blocks.flatMap((block) => all.filter((one) => one.block === block)))
  })
  const told = drawn.filter((times) => times !== undefined).toSorted((a, b) => a - b)
  if (told.length === 0) return undefined
  return { center, lo: quantileSorted(told, ONE_TAIL), hi: quantileSorted(told, 1 - ONE_TAIL) }
}

export interface Found {
  readonly blocks: number
  /** Shares of made-up runs in which the arm was found slower: where it is, and where it is not. */
  readonly slower: number
  readonly equal: number
}

/**
 * The same question without a formula: runs are made up of so many blocks, each drawn from the recorded ones of an arm with
 * their mean taken out, and the arm is made slower by an effect. A t test of the log-ratios, as every interval here is,
 * finds it or not.
 */
export function foundByResampling(
  run: RecordedRun,
  metric: Metric,
  { effect, blocks, rounds, stream }: { effect: number; blocks: number; rounds: number; stream: Random },
): Found | undefined {
  const residuals = othersOf(run).flatMap((arm) => {
    const cohorts = byCohort(logRatios(run, arm, metric)).filter(({ length }) => length > 1)
    const all = cohorts.flatMap(centredOf)
    return all.length < 3 ? [] : [all]
  })
  if (residuals.length === 0) return undefined
  const needed = studentQuantile(1 - errorRates.alpha, blocks - 1)
  let slower = 0
  let equal = 0
  for (let round = 0; round < rounds; round++) {
    const of = residuals[stream.integer(residuals.length)] as number[]
    const drawn = Array.from({ length: blocks }, () => of[stream.integer(of.length)] as number)
    const error = Math.sqrt(sampleVariance(drawn) / blocks)
    if ((mean(drawn) + Math.log1p(effect)) / error > needed) slower++
    if (mean(drawn) / error > needed) equal++
  }
  return { blocks, slower: slower / rounds, equal: equal / rounds }
}

/** Without their mean; and larger, since what is left of few blocks is less than what they scatter by. */
function centredOf(ratios: readonly number[]): number[] {
  const center = mean(ratios)
  const larger = Math.sqrt(ratios.length / (ratios.length - 1))
  return ratios.map((ratio) => (ratio - center) * larger)
}
