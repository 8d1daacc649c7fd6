import { isMetricOf, metricOfRoles, metrics } from '../analyse/metrics.ts'
import { neededToDecide, type Scatter, tail } from '../compare/effect.ts'
import { type EstimateWithBasis, estimateOf, pooledVarianceFor } from '../compare/estimate.ts'
import { byBlock, equalArms, isGeometric, logErrors, measure, pairUp } from '../compare/pairs.ts'
import { provisions } from '../compare/standing.ts'
import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import type { ClaimBound, MeasuredTest } from '../model/claim.ts'
import { ONE_TAIL } from '../model/confidence.ts'
import { BLOCKS_TO_DECIDE } from '../model/plan.ts'
import { type Arm, baselineOf, isSameArm } from '../model/scenario.ts'
import { type Cohorts, exponential } from '../stats/intervals.ts'

type Values = Cell['values']

/** What a claim measures in one run: a mean over blocks on the scale of its interval, and its bound on that scale. */
export interface ClaimMeasure {
  readonly info: MetricInfo
  /** On the scale of the interval: the logarithm of ratios, and of values above 0. */
  readonly found: EstimateWithBasis
  readonly bound: ClaimBound
  readonly isLog: boolean
  /** As it is shown. */
  readonly estimate: Estimate
  readonly levels: readonly { readonly arm: string; readonly estimate: Estimate }[]
}

/** The metric of a claim, narrowed to its roles. */
export function infoOf({ metric, roles }: MeasuredTest): MetricInfo {
  const found = roles ? metricOfRoles(metric, roles) : metrics.find(({ info }) => info.name === metric)
  if (!found) throw new TypeError(`there is no metric ${metric}`)
  return found.info
}

/** Why a valid trial may have no value of a claim's metric. */
export function quietWords({ metric }: MeasuredTest): string {
  const found = metrics.find(({ info }) => info.name === metric)
  if (found?.info.unit === 'seconds') return 'a quantile that is withheld, or too few answers'
  return `nothing of it was observed${found?.needsIdle ? ', or nothing without load' : ''}`
}

/** How many values the arms of a claim have: a valid trial has none where a quantile is withheld or too few requests were answered. */
export function countValues(analysis: Analysis, test: MeasuredTest): number {
  const arms = [test.of, ...(test.over === undefined ? [] : [test.over])]
  return arms.reduce((sum, arm) => sum + valuesIn(analysis, test, arm).length, 0)
}

/** Measures a claim in a run that has its arms and load; undefined where no block has values of all that it needs. */
export function measureClaim(analysis: Analysis, test: MeasuredTest): ClaimMeasure | undefined {
  const info = infoOf(test)
  const { scenario } = analysis.record.run.plan
  const valuesOf = new Map(scenario.arms.map(({ name }) => [name, valuesIn(analysis, test, name)]))
  const of = valuesOf.get(test.of) ?? []
  const provisioned = provisions(analysis.record)
  if (test.over === undefined) {
    const level = levelOf(of, provisioned)
    return level && { info, ...level, bound: scaled(test.bound, level.isLog), levels: [] }
  }
  const over = valuesOf.get(test.over) ?? []
  const paired = pairUp(byBlock(over), of)
  if (!paired) return undefined
  const known = scenario.arms.map((arm) => ({ arm, values: valuesOf.get(arm.name) ?? [] }))
  const [one, other] = [armNamed(scenario, test.over), armNamed(scenario, test.of)]
  const pooled = one && other ? pooledVarianceFor(one, other, known) : {}
  const measured = measure(paired, equalArms(equalPairs(scenario.arms, valuesOf), provisioned), { pooled })
  const levels = [test.of, test.over].flatMap((arm) => {
    const level = levelOf(valuesOf.get(arm) ?? [], provisioned)
    return level ? [{ arm, estimate: level.estimate }] : []
  })
  if (test.quantity === 'difference') {
    const { difference } = measured
    return (
      difference && { info, found: difference, bound: test.bound, isLog: false, estimate: difference.estimate, levels }
    )
  }
  const { ratio } = measured
  return (
    ratio && {
      info,
      found: ratio.onLogs,
      bound: scaled(test.bound, true),
      isLog: true,
      estimate: ratio.estimate,
      levels,
    }
  )
}

export function armNamed<Of extends Pick<Arm, 'name'>>(
  { arms }: { readonly arms: readonly Of[] },
  name: string,
): Of | undefined {
  return arms.find((arm) => arm.name === name)
}

/** Of valid trials: those of the cell, or the use of components of some roles. */
function valuesIn({ cells, trials, record }: Analysis, { load, metric, roles }: MeasuredTest, arm: string): Values {
  const narrowed = roles && metricOfRoles(metric, roles)
  if (!narrowed) {
    return cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)?.values ?? []
  }
  const asked = record.run.plan.scenario.loads.find(({ name }) => name === load)
  if (!asked || !isMetricOf(narrowed, asked)) return []
  return trials.flatMap(({ result: { trial, outcome }, status }) => {
    if (trial.arm !== arm || trial.load !== load || trial.step || status !== 'valid') return []
    if (outcome.status !== 'measured') return []
    const value = narrowed.value(outcome)
    const error = narrowed.error?.(outcome) ?? 0
    const { cohort, block } = trial
    return value === undefined ? [] : [{ cohort, block, value, ...(error > 0 && { error }) }]
  })
}

/** A/A pairs of the baseline: what equal arms differ by widens the interval of one provisioning, as everywhere else. */
function equalPairs(arms: readonly Arm[], valuesOf: ReadonlyMap<string, Values>) {
  const [baseline, ...others] = [baselineOf({ arms }), ...arms.slice(1)]
  const base = byBlock(valuesOf.get(baseline.name) ?? [])
  return others
    .filter((arm) => isSameArm(arm, baseline))
    .flatMap(({ name }) => pairUp(base, valuesOf.get(name) ?? []) ?? [])
}

type Level = Pick<ClaimMeasure, 'found' | 'estimate' | 'isLog'>

/** The mean of one arm over blocks, geometric where all values are above 0. Cohorts are the replicates where there are several. */
function levelOf(values: Values, provisioned: boolean): Level | undefined {
  const isLog = isGeometric([values])
  const byCohort = [...Map.groupBy(values, ({ cohort }) => cohort).values()]
  const read = (of: (one: Values[number]) => number): Cohorts => byCohort.map((those) => those.map(of))
  const errors = values.every(({ error = 0 }) => error === 0)
    ? undefined
    : {
        down: read(({ value, error = 0 }) => (isLog ? logErrors(value, error).down : error)),
        up: read(({ value, error = 0 }) => (isLog ? logErrors(value, error).up : error)),
      }
  const found = estimateOf(
    read(({ value }) => (isLog ? Math.log(value) : value)),
    { pairs: [], provisioned },
    errors,
  )
  return found && { found, isLog, estimate: isLog ? exponential(found.estimate) : found.estimate }
}

/** A bound of 0 or below has no logarithm: every value is above it. */
function scaled({ atLeast, atMost }: ClaimBound, isLog: boolean): ClaimBound {
  const end = (value: number) => (isLog ? Math.log(Math.max(0, value)) : value)
  return {
    ...(atLeast !== undefined && { atLeast: end(atLeast) }),
    ...(atMost !== undefined && { atMost: end(atMost) }),
  }
}

/** How far the data speak for or against a claim. */
export interface Weighed {
  readonly side: 'holds' | 'does-not-hold'
  /** Two-sided: twice the chance of such data, or clearer ones, where the truth lies on the bound or on its other side. */
  readonly p: number
}

/**
 * Weighs a claim by the t of its interval: a p-value of 1 − level means that the interval ends at the bound. What the interval was widened
 * by (equal arms, errors of counters) is no scatter, so it is taken off the distance. Undefined without an interval, without scatter, or
 * with fewer blocks than a decision needs.
 */
export function weigh(measured: ClaimMeasure): Weighed | undefined {
  const { found, bound } = measured
  const { estimate, basis, error } = found
  if (error === undefined || !scatters(measured) || estimate.n < BLOCKS_TO_DECIDE) return undefined
  const scatter: Scatter = { error, freedom: basis.freedom }
  const slack = slackOf(found)
  const { atLeast, atMost } = bound
  const above = (end: number) => tail(estimate.center - end - slack, scatter)
  const below = (end: number) => tail(end - estimate.center - slack, scatter)
  const inside = [...(atLeast === undefined ? [] : [above(atLeast)]), ...(atMost === undefined ? [] : [below(atMost)])]
  const outside = [...(atLeast === undefined ? [] : [below(atLeast)]), ...(atMost === undefined ? [] : [above(atMost)])]
  const [holds, fails] = [Math.max(...inside), Math.min(...outside)]
  return holds <= fails
    ? { side: 'holds', p: Math.min(1, 2 * holds) }
    : { side: 'does-not-hold', p: Math.min(1, 2 * fails) }
}

/**
 * Whether the replicates of a mean differ at all. Where they do not, as with counters of whole pages, nothing says how far the next one
 * would be off, and an interval of no width would decide everything. An unknown scatter counts as some.
 */
export function scatters({ found: { estimate, error }, isLog, levels }: ClaimMeasure): boolean {
  const sizes = isLog ? [1] : levels.map((level) => Math.abs(level.estimate.center))
  return error === undefined || !isRounding(error, Math.max(Math.abs(estimate.center), ...sizes))
}

/** Whether a width is no more than what sums of numbers of this size are rounded by. */
export function isRounding(width: number, size: number): boolean {
  return width <= 1e-12 * Math.abs(size)
}

/** Whether no number of blocks would decide a claim: what its interval is widened by is as large as the distance to the bound. */
export function isHidden({ found, bound }: Pick<ClaimMeasure, 'found' | 'bound'>): boolean {
  const slack = slackOf(found)
  return slack > 0 && slack >= distanceOf({ found, bound })
}

/** From the estimate to the nearest end of the bound. */
function distanceOf({ found: { estimate }, bound }: Pick<ClaimMeasure, 'found' | 'bound'>): number {
  const ends = [bound.atLeast, bound.atMost].flatMap((end) => (end === undefined ? [] : [end]))
  return Math.min(...ends.map((end) => Math.abs(estimate.center - end)))
}

function slackOf({ basis: { widened = 0, error = 0 } }: EstimateWithBasis): number {
  return widened + error
}

/**
 * Blocks or cohorts in all that would decide a claim among `claims` of them, if estimate and scatter stay as they are; undefined where
 * the most that a run may have would not.
 */
export function neededFor({ found, bound }: Pick<ClaimMeasure, 'found' | 'bound'>, claims: number) {
  const { estimate, basis, error } = found
  if (error === undefined) return undefined
  const { unit, cohorts, pooled = 0 } = basis
  const distance = distanceOf({ found, bound })
  const each = 1 + pooled / (unit === 'cohorts' ? cohorts : estimate.n)
  const needed = neededToDecide(
    { unit, blocks: estimate.n, cohorts, error, freedomAt: (n) => Math.round(n * each - 1) },
    (halfAt) => halfAt(levelAmong(claims)) + slackOf(found) < distance,
  )
  return needed && { ...needed, blocks: Math.max(BLOCKS_TO_DECIDE, needed.blocks) }
}

/** The level of an interval that decides the first of so many claims, by Holm. */
function levelAmong(claims: number): number {
  return 1 - (2 * ONE_TAIL) / Math.max(1, claims)
}
