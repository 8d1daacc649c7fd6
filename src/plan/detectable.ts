import { blockCount, type Plan } from '../model/plan.ts'
import { type Arm, baselineOf, isSameArm, isSameMesh, type Scenario } from '../model/scenario.ts'
import { blocksToFind, type ErrorRates, smallestEffect } from '../stats/power.ts'
import { rootWhole } from '../stats/root.ts'

/** How much a metric scatters: standard deviations of the paired log-ratio of two arms. */
export interface Deviation {
  readonly metric: string
  /** Absent: it stands for every load. */
  readonly load?: string
  /** Between the blocks of one cohort. */
  readonly deviation: number
  /** Between cohorts, beyond what their blocks explain. Absent: not known. */
  readonly between?: number
  /** Where it comes from, for the reader: "history: 12 blocks of standard", "assumed: …". */
  readonly source: string
}

/** As `docs/tail.md` has it, of one run each on two shared cores: `quick`, and `quick-local`, whose rate leaves them less time. */
const SOURCE = 'assumed: as seen on two shared cores'
const ON_CLUSTERS = { p50: 0.11, 'typical-p99': 0.25, p99: 1.8, 'mesh-cpu': 0.05 }
const AS_PROCESSES = { p50: 0.08, 'typical-p99': 0.55, p99: 0.41, 'mesh-cpu': 0.05 }

/** What is taken for the scatter of a platform until a run has shown it. */
export function assumedDeviations({ platform }: Pick<Scenario, 'platform'>): Deviation[] {
  const seen = platform === 'kind' || platform === 'cluster' ? ON_CLUSTERS : AS_PROCESSES
  return Object.entries(seen).map(([metric, deviation]) => ({ metric, deviation, source: SOURCE }))
}

/** What clusters are taken to differ by, as a share of what blocks do, until a run with several cohorts has shown it. */
const ASSUMED_BETWEEN = 1 / 3

/** 0.025 in one tail is the two-sided 5 % that every interval here has. */
export const errorRates: ErrorRates = { alpha: 0.025, beta: 0.05 }

/** What a plan can tell from nothing for one load and metric. */
export interface Detectable extends ErrorRates {
  readonly load: string
  readonly metric: string
  readonly deviation: number
  /** Between cohorts; 0 where arms are raised anew on the same host for every visit. */
  readonly between: number
  readonly source: string
  readonly blocks: number
  /** The smallest ratio to the baseline that is found; absent below two blocks, which find nothing. */
  readonly ratio?: number
  /** Blocks in total, in cohorts as large as planned, that would find +5 % and +10 %. */
  readonly blocksFor: { readonly fivePercent: number; readonly tenPercent: number }
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
  const isRatio = (metric: string) => metric !== 'mesh-cpu' || baselineOf(plan.scenario).mesh !== 'none'
  return plan.scenario.loads.flatMap(({ name: load }) =>
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
  const pairs = lentPairs(plan.scenario)
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
  return platform === 'kind' || platform === 'cluster' ? deviation * ASSUMED_BETWEEN : 0
}

/**
 * How many A/A pairs lend what they show of every cohort to the comparison with the baseline: of the arm that borrows from
 * the fewest. An arm of another mesh borrows from none, as the analysis has it.
 */
export function lentPairs(scenario: Scenario): number {
  const { arms } = scenario
  const baseline = baselineOf(scenario)
  const repeats = (arm: Arm) => arms.filter((one) => isSameArm(one, arm)).length - 1
  const compared = arms.filter((arm) => !isSameArm(arm, baseline))
  if (compared.length === 0) return Math.max(0, repeats(baseline) - 1)
  return Math.min(...compared.map((arm) => (isSameMesh(arm, baseline) ? repeats(arm) + repeats(baseline) : 0)))
}

/** A standard error on the logarithm, and how well it will be known. */
export interface Precision {
  readonly error: number
  readonly freedom: number
}

export interface Design {
  readonly deviation: number
  readonly between: number
  readonly cohorts: number
  /** In all. */
  readonly blocks: number
  readonly pairs: number
}

/** As the analysis will have it: cohorts are the replicates where there are several. Undefined below two blocks. */
export function precisionOf({ deviation, between, cohorts, blocks, pairs }: Design): Precision | undefined {
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
