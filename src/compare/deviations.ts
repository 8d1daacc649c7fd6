import type { Analysis, Cell } from '../model/analysis.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import type { Deviation } from '../plan/detectable.ts'
import { type Cohorts, components } from '../stats/intervals.ts'
import { mean, sampleVariance } from '../stats/moments.ts'

const PLANNED: ReadonlySet<string> = new Set(SHOWN.plan)

/** Variances from one cell of one run, with degrees of freedom. */
interface Sample {
  readonly run: string
  readonly load: string
  readonly metric: string
  readonly within: Variance
  readonly between?: Variance
}

/** With its degrees of freedom. */
interface Variance {
  readonly variance: number
  readonly freedom: number
}

/**
 * How much each metric scattered in earlier runs, between the blocks of a cohort and between cohorts: standard deviations
 * of paired log-ratios to the baseline, pooled over arms and runs by their degrees of freedom.
 */
export function deviationsOf(history: readonly Analysis[]): Deviation[] {
  const samples = history.flatMap((analysis) => analysis.cells.flatMap((cell) => sampleOf(cell, analysis)))
  const groups = Map.groupBy(samples, ({ load, metric }) => JSON.stringify([load, metric]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const within = pooled(group.map(({ within }) => within))
    const known = group.flatMap(({ between }) => between ?? [])
    // A negative variance means that blocks explain all of the scatter.
    const between = known.length === 0 ? {} : { between: Math.sqrt(Math.max(0, pooled(known).variance)) }
    const runs = new Set(group.map(({ run }) => run))
    const source = `history: ${runs.size === 1 ? `run ${[...runs][0]}` : `${runs.size} runs`}, ${within.freedom} degrees of freedom`
    return [{ load: first.load, metric: first.metric, deviation: Math.sqrt(within.variance), ...between, source }]
  })
}

function sampleOf({ arm, load, metric, values }: Cell, { cells, record }: Analysis): Sample[] {
  const { scenario } = record.run.plan
  const baseline = baselineOf(scenario).name
  if (arm === baseline || !PLANNED.has(metric)) return []
  const partner = cells.find((cell) => cell.arm === baseline && cell.load === load && cell.metric === metric)
  const byBlock = new Map(partner?.values.map(({ block, value }) => [block, value]))
  const ratios = values.flatMap(({ cohort, block, value }) => {
    const other = byBlock.get(block)
    // There is no ratio where the baseline has only zeros, or where a value is below 0.
    return other !== undefined && other > 0 && value > 0 ? [{ cohort, ratio: Math.log(value / other) }] : []
  })
  const cohorts = [...Map.groupBy(ratios, ({ cohort }) => cohort).values()].map((all) => all.map(({ ratio }) => ratio))
  const within = withinCohorts(cohorts)
  if (!within) return []
  const between = betweenCohorts(cohorts, within.variance, repeatsBaseline(scenario, arm))
  return [{ run: record.run.id, load, metric, within, ...(between && { between }) }]
}

/** Variance of log-ratios between the blocks of a cohort. It needs three blocks to mean anything. */
export function withinCohorts(cohorts: Cohorts): Variance | undefined {
  const { within } = components(cohorts)
  const blocks = cohorts.flat().length
  return blocks < 3 || within === undefined ? undefined : { variance: within ** 2, freedom: blocks - cohorts.length }
}

/** Variance of the cohorts' means, less what their blocks explain. Means of equal arms scatter around 0, so one is enough. */
function betweenCohorts(cohorts: readonly number[][], within: number, isEqual: boolean): Variance | undefined {
  const means = cohorts.map(mean)
  const explained = within * mean(cohorts.map(({ length }) => 1 / length))
  if (isEqual) return { variance: mean(means.map((one) => one ** 2)) - explained, freedom: means.length }
  if (means.length < 2) return undefined
  return { variance: sampleVariance(means) - explained, freedom: means.length - 1 }
}

function repeatsBaseline(scenario: Scenario, name: string): boolean {
  return scenario.arms.some((arm) => arm.name === name && isSameArm(arm, baselineOf(scenario)))
}

/** Pools variances by degrees of freedom. */
export function pooled(all: readonly Variance[]): Variance {
  const freedom = all.reduce((sum, one) => sum + one.freedom, 0)
  return { variance: all.reduce((sum, one) => sum + one.freedom * one.variance, 0) / freedom, freedom }
}
