import { ONE_TAIL } from '../model/confidence.ts'
import { pairingsOf } from '../model/limits.ts'
import { blockCount, type Costs, type Plan } from '../model/plan.ts'
import { quantileOf } from '../model/quantiles.ts'
import { type Arm, baselineOf, isOperated, isSameArm, isSameMesh, type Load, type Scenario } from '../model/scenario.ts'
import { traitsOf } from '../model/traits.ts'
import type { Seconds } from '../model/units.ts'
import { halfWidth } from '../stats/intervals.ts'
import { type Budget, bestDesign, blocksToFind, type ErrorRates, smallestEffect } from '../stats/power.ts'
import { rootWhole } from '../stats/root.ts'
import { estimate, idleOf } from './time.ts'

/** How much a metric scatters: standard deviations of the paired log-ratio of two arms. */
export interface Deviation {
  readonly metric: string
  /** Absent for every load. */
  readonly load?: string
  /** Between the blocks of one cohort. */
  readonly deviation: number
  /** Between cohorts, beyond what their blocks explain. Absent: not known. */
  readonly between?: number
  /** Its source, as text: "history: 12 blocks of standard", "assumed: …". */
  readonly source: string
}

/** Deviations from `docs/tail.md`: one run each of `quick` and `quick-local` on two shared cores. */
const SOURCE = 'assumed: from two shared cores'
const ON_CLUSTERS = { p50: 0.13, 'typical-p99': 0.31, p99: 1.8, 'mesh-cpu': 0.05 }
const AS_PROCESSES = { p50: 0.08, 'typical-p99': 0.55, p99: 0.41, 'mesh-cpu': 0.05 }

/** Assumed scatter of a platform until runs have shown it. */
function assumedDeviations({ platform }: Pick<Scenario, 'platform'>): Deviation[] {
  const seen = traitsOf(platform)?.arms === 'kubernetes' ? ON_CLUSTERS : AS_PROCESSES
  return Object.entries(seen).map(([metric, deviation]) => ({ metric, deviation, source: SOURCE }))
}

/** Assumed scatter between clusters as a share of that between blocks, until a run with several cohorts has shown it. */
const ASSUMED_BETWEEN = 1 / 3

/** `alpha` is one tail of the two-sided intervals that are shown. */
export const errorRates: ErrorRates = { alpha: ONE_TAIL, beta: 0.05 }

/** The smallest detectable difference of a plan for one load and metric. */
export interface Detectable extends ErrorRates {
  readonly load: string
  readonly metric: string
  readonly deviation: number
  /** Between cohorts; 0 where arms are raised anew on the same host for every visit. */
  readonly between: number
  readonly source: string
  readonly blocks: number
  /** The smallest ratio of the arms in question that is found; absent below two blocks, which find nothing. */
  readonly ratio?: number
  /** Blocks in total, in cohorts as large as planned, that would find +5 % and +10 %. */
  readonly blocksFor: { readonly fivePercent: number; readonly tenPercent: number }
}

/** An arm, and the one that it is compared with. */
type Compared = readonly [arm: Arm, other: Arm]

/** Candidates and references, where the scenario has a gate that names them. */
export function gatePairs({ arms, gate }: Scenario): Compared[] {
  if (!gate || gate.pinned !== undefined) return []
  const names = arms.map(({ name }) => name)
  return pairingsOf(names, gate.reference).flatMap(({ arm: name, reference }) => {
    const [arm, other] = [name, reference].map((one) => arms.find((each) => each.name === one))
    return arm && other && arm !== other ? [[arm, other] as const] : []
  })
}

/** What the scenario asks: about candidates and their references; else about all arms and the baseline. */
function comparedIn(scenario: Scenario): Compared[] {
  const pairs = gatePairs(scenario)
  const baseline = baselineOf(scenario)
  if (pairs.length > 0) return pairs
  return scenario.arms.filter((arm) => !isSameArm(arm, baseline)).map((arm) => [arm, baseline])
}

/**
 * The smallest difference of each load and metric that the plan's blocks can find. A deviation that names the load goes
 * before one that does not, and any before the assumed.
 */
export function detectable(plan: Plan, deviations: readonly Deviation[] = []): Detectable[] {
  const known = [
    ...deviations.filter(({ deviation }) => Number.isFinite(deviation)),
    ...assumedDeviations(plan.scenario),
  ]
  const metrics = [...new Set(known.map(({ metric }) => metric))]
  // Without a mesh there is no CPU of one, and no ratio to it.
  const [first = baselineOf(plan.scenario), ...others] = comparedIn(plan.scenario).map(([, other]) => other)
  const haveMesh = [first, ...others].every(({ mesh }) => mesh !== 'none')
  const isRatio = (metric: string) => metric !== 'mesh-cpu' || haveMesh
  // How much searched capacities scatter is known of no run before the first.
  const rated = plan.scenario.loads.filter((load) => !load.capacity && !isOperated(load))
  return rated.flatMap(({ name: load }) =>
    metrics.filter(isRatio).flatMap((metric) => {
      const fitting = known.filter((one) => one.metric === metric && (one.load ?? load) === load)
      const best = fitting.find((one) => one.load === load) ?? fitting[0]
      return best ? [found(best, load, plan)] : []
    }),
  )
}

function found({ metric, deviation, between, source }: Deviation, load: string, plan: Plan): Detectable {
  const blocks = blockCount(plan)
  const scatter = { deviation, between: between ?? assumedBetween(plan.scenario, deviation) }
  const pairs = pooledPairs(plan.scenario)
  const precision = precisionOf({ ...scatter, cohorts: plan.cohorts.length, blocks, pairs })
  const blocksFor = (effect: number) =>
    plan.cohorts.length < 2
      ? blocksToFind(effect, deviation, errorRates)
      : cohortsToFind(effect, { ...scatter, pairs, each: blocks / plan.cohorts.length })
  return {
    load,
    metric,
    ...scatter,
    source,
    blocks,
    ...(precision && { ratio: smallestRatio(precision) }),
    blocksFor: { fivePercent: blocksFor(0.05), tenPercent: blocksFor(0.1) },
    ...errorRates,
  }
}

function assumedBetween({ platform }: Scenario, deviation: number): number {
  return traitsOf(platform)?.arms === 'kubernetes' ? deviation * ASSUMED_BETWEEN : 0
}

/**
 * How many A/A pairs add what they show of every cohort to a comparison: of the one that has the fewest. An arm of another
 * mesh has none, as in the analysis.
 */
function pooledPairs(scenario: Scenario): number {
  const { arms } = scenario
  const repeats = (arm: Arm) => arms.filter((one) => isSameArm(one, arm)).length - 1
  const compared = comparedIn(scenario)
  if (compared.length === 0) return Math.max(0, repeats(baselineOf(scenario)) - 1)
  return Math.min(...compared.map(([arm, other]) => (isSameMesh(arm, other) ? repeats(arm) + repeats(other) : 0)))
}

/** A standard error of a logarithm, and its degrees of freedom. */
interface Precision {
  readonly error: number
  readonly freedom: number
}

interface Design {
  readonly deviation: number
  readonly between: number
  readonly cohorts: number
  /** In all. */
  readonly blocks: number
  readonly pairs: number
}

/** As the analysis will have it: cohorts are the replicates where there are several. Undefined below two blocks. */
function precisionOf({ deviation, between, cohorts, blocks, pairs }: Design): Precision | undefined {
  if (cohorts < 2) return blocks < 2 ? undefined : { error: deviation / Math.sqrt(blocks), freedom: blocks - 1 }
  const error = Math.sqrt(between ** 2 / cohorts + deviation ** 2 / blocks)
  return { error, freedom: cohorts - 1 + pairs * cohorts }
}

/** The power of a test depends on its freedom and on the difference in standard errors: that of freedom + 1 blocks, of error 1. */
function smallestRatio({ error, freedom }: Precision): number {
  const blocks = freedom + 1
  return (1 + smallestEffect(Math.sqrt(blocks), blocks, errorRates)) ** error
}

/** Blocks of so many more cohorts, each as large, that find a relative difference. */
function cohortsToFind(effect: number, about: Omit<Design, 'cohorts' | 'blocks'> & { readonly each: number }): number {
  const enough = (cohorts: number) => {
    const precision = precisionOf({ ...about, cohorts, blocks: cohorts * about.each })
    return precision !== undefined && smallestRatio(precision) <= 1 + effect
  }
  let high = 2
  while (!enough(high)) high *= 2
  return Math.ceil((high === 2 ? 2 : rootWhole(high / 2, high, enough)) * about.each)
}

/** The split of a plan's time that gives the narrowest interval of one load and metric. */
export interface DesignAdvice {
  readonly load: string
  readonly metric: string
  /** Wall clock of the plan, and of the advice at most. */
  readonly seconds: Seconds
  readonly cohorts: number
  /** Of each cohort. */
  readonly blocks: number
  readonly window: Seconds
  /** Half of the 95 % interval that is to be expected, as a ratio ≥ 1; `planned`: of the plan as it is. */
  readonly half: number
  readonly planned: number
}

/** Longest window as a multiple of the planned one; longer windows would be another experiment. */
const LONGEST = 10

/**
 * How many cohorts, blocks and seconds of window give the smallest interval in the time that the plan takes. Windows are
 * never shorter than planned, since the scatter was not seen with shorter ones. Where cohorts are clusters only: elsewhere
 * blocks are the replicates, and there is nothing to divide. Undefined where the plan has no interval itself.
 */
export function adviseDesign(plan: Plan, costs: Costs, subject: Detectable): DesignAdvice | undefined {
  const { scenario, cohorts } = plan
  const load = scenario.loads.find(({ name }) => name === subject.load)
  if (!load || traitsOf(scenario.platform)?.arms !== 'kubernetes') return undefined
  const { seconds } = estimate(plan, costs)
  const pairs = pooledPairs(scenario)
  const budget = budgetOf(plan, costs, subject, load)
  const best = withPairs({ ...budget, seconds }, cohorts.length, pairs)
  const planned = halfOf({ ...subject, cohorts: cohorts.length, pairs })
  if (!best || planned === undefined) return undefined
  const deviation = Math.sqrt(budget.deviation.block ** 2 + budget.deviation.window ** 2 / best.window)
  const half = halfOf({ ...subject, deviation, cohorts: best.cohorts, blocks: best.cohorts * best.blocks, pairs })
  if (half === undefined) return undefined
  const { load: name, metric } = subject
  return { load: name, metric, seconds, cohorts: best.cohorts, blocks: best.blocks, window: best.window, half, planned }
}

/** Every cohort has its A/A pairs, so that what they add depends on the answer: asked again until both agree. */
function withPairs(budget: Budget, cohorts: number, pairs: number) {
  let best = bestDesign({ ...budget, freedom: pairs * cohorts })
  for (let step = 0; best && pairs > 0 && step < 5; step++) {
    const next = bestDesign({ ...budget, freedom: pairs * best.cohorts })
    if (next?.cohorts === best.cohorts) return next
    best = next
  }
  return best
}

function halfOf(design: Parameters<typeof precisionOf>[0]): number | undefined {
  const precision = precisionOf(design)
  return precision && Math.exp(halfWidth(precision.freedom) * precision.error)
}

function budgetOf({ scenario }: Plan, costs: Costs, subject: Detectable, load: Load): Omit<Budget, 'seconds'> {
  const arms = scenario.arms.length
  const warmups = scenario.loads.reduce((sum, { warmup }) => sum + costs.trial + warmup, 0)
  const others = scenario.loads.reduce((sum, one) => (one === load ? sum : sum + one.duration), 0)
  // What two windows of one second miss by, of which longer ones miss less; the rest of the scatter is the blocks' own.
  const window = Math.min(
    Math.SQRT2 * samplingError(subject.metric, load),
    subject.deviation * Math.sqrt(load.duration),
  )
  const block = Math.sqrt(Math.max(0, subject.deviation ** 2 - window ** 2 / load.duration))
  return {
    cost: {
      cohort: costs.cohort,
      block: arms * (costs.visit + idleOf(scenario, costs) + warmups + others),
      window: arms,
    },
    deviation: { cohort: subject.between, block, window },
    window: { least: load.duration, most: LONGEST * load.duration },
  }
}

/**
 * Of a quantile of one second's requests, as a logarithm, were they exponential: √(q/((1 − q) n)) / −ln(1 − q). None for
 * other metrics, and without a rate.
 */
function samplingError(metric: string, { rate }: Load): number {
  const q = quantileOf(metric)
  if (q === undefined || rate === 'max') return 0
  return Math.sqrt(q / ((1 - q) * rate)) / -Math.log(1 - q)
}
