import type { Cell, Estimate } from '../model/analysis.ts'
import { LEVEL, PASS_LEVEL } from '../model/confidence.ts'
import { type CohortSpread, type Cohorts, exponential, nestedInterval } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { type Effect, effectOf } from './effect.ts'
import { type Equals, type Errors, type EstimateWithBasis, estimateOf, type PooledVariance } from './estimate.ts'

type Values = Cell['values']

/** The values of two arms in one block that has both. */
export interface Pair {
  readonly cohort: number
  readonly block: number
  readonly base: number
  readonly arm: number
  /** The largest errors of the two, where there are any. */
  readonly errors?: { readonly base: number; readonly arm: number }
}

/** Two arms in the blocks that have both, by cohort. */
interface Paired {
  /** Logarithms of the ratios; absent where a value is not positive. */
  readonly logs?: Cohorts
  readonly differences: Cohorts
  /** How far errors of the values could move each of these; absent where no value has one. */
  readonly errors?: { readonly logs: Errors; readonly differences: Errors }
}

/** Differences of the A/A pairs of a run under one load and metric, on either scale: the noise of the run. */
export interface EqualArms {
  readonly onLogs: Equals
  readonly onValues: Equals
}

/** An arm against another, paired within blocks. */
export interface Measures {
  /** Absent where a value is not positive. `onLogs` is what the ratio is made of. */
  readonly ratio?: EstimateWithBasis & { readonly onLogs: EstimateWithBasis }
  readonly difference?: EstimateWithBasis
}

/**
 * Whether levels of a load and metric are geometric means and compared by ratios, which needs all values above 0. All arms
 * have the same kind of mean, so that levels, ratios and differences are consistent.
 */
export function isGeometric(arms: readonly Values[]): boolean {
  return arms.every((values) => values.every(({ value }) => value > 0))
}

/** How far an error moves the logarithm of a value above 0: without end downwards where it is as large as the value. */
export function logErrors(value: number, error: number): { readonly down: number; readonly up: number } {
  if (error === 0) return { down: 0, up: 0 }
  return { down: error < value ? -Math.log1p(-error / value) : Number.POSITIVE_INFINITY, up: Math.log1p(error / value) }
}

type ByBlock = ReadonlyMap<number, Pick<Values[number], 'value' | 'error'>>

/** Values by block, for pairing. */
export function byBlock(values: Values): ByBlock {
  return new Map(values.map((one) => [one.block, one]))
}

/** Values of the same block. Blocks are numbered over the whole run. */
export function pairsOf(base: ByBlock, values: Values): Pair[] {
  return values.flatMap(({ cohort, block, value, error = 0 }) => {
    const partner = base.get(block)
    if (!partner) return []
    const errors = { base: partner.error ?? 0, arm: error }
    const isExact = errors.base === 0 && errors.arm === 0
    return [{ cohort, block, base: partner.value, arm: value, ...(!isExact && { errors }) }]
  })
}

/** In the worst case the errors of both arms have opposite signs. */
function errorsOf(pairs: readonly Pair[]): Paired['errors'] {
  if (pairs.every(({ errors }) => errors === undefined)) return undefined
  const ofPairs = (read: (pair: Required<Pair>) => number) =>
    byCohort(pairs, ({ errors = { base: 0, arm: 0 }, ...pair }) => read({ ...pair, errors }))
  const sum = ofPairs(({ errors }) => errors.base + errors.arm)
  const logs = (from: 'down' | 'up', other: 'down' | 'up') =>
    ofPairs(({ base, arm, errors }) => logErrors(arm, errors.arm)[from] + logErrors(base, errors.base)[other])
  return { logs: { down: logs('down', 'up'), up: logs('up', 'down') }, differences: { down: sum, up: sum } }
}

/** Where the baseline has only zeros, as a baseline without a mesh has no CPU of the mesh, levels replace ratios. */
export function throughBaseline(pairs: readonly Pair[]): readonly Pair[] {
  return pairs.every(({ base }) => base === 0) ? pairs.map((pair) => ({ ...pair, base: 1 })) : pairs
}

/** Log-ratios of the arm to the base, by cohort; undefined where a value is not positive. */
export function logRatios(pairs: readonly Pair[]): Cohorts | undefined {
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return undefined
  return byCohort(pairs, ({ base, arm }) => Math.log(arm / base))
}

/** The arm less the base, by cohort. */
function differences(pairs: readonly Pair[]): Cohorts {
  return byCohort(pairs, ({ base, arm }) => arm - base)
}

function byCohort(pairs: readonly Pair[], read: (pair: Pair) => number): Cohorts {
  return [...Map.groupBy(pairs, ({ cohort }) => cohort).values()].map((those) => those.map(read))
}

/** Pairs values of the same block, by cohort. `ratios`: whether to compute ratios. */
export function pairUp(base: ByBlock, values: Values, ratios = true): Paired | undefined {
  const pairs = pairsOf(base, values)
  if (pairs.length === 0) return undefined
  const logs = ratios ? logRatios(pairs) : undefined
  const errors = errorsOf(pairs)
  return { differences: differences(pairs), ...(logs && { logs }), ...(errors && { errors }) }
}

/** Noise floors of A/A pairs. `provisioned`: whether cohorts are clusters. */
export function equalArms(pairs: readonly Paired[], provisioned: boolean): EqualArms {
  return {
    onLogs: { pairs: pairs.flatMap(({ logs }) => (logs ? [logs] : [])), provisioned },
    onValues: { pairs: pairs.map(({ differences }) => differences), provisioned },
  }
}

/** `pooled`: pooled variance of arms equal to these two. `mean`: computes a mean over blocks. */
export function measure(
  paired: Paired,
  equal: EqualArms,
  { pooled = {}, mean = estimateOf }: { readonly pooled?: PooledVariance; readonly mean?: typeof estimateOf } = {},
): Measures {
  const { onLogs: ofLogs, onValues: ofValues } = pooled
  const { errors } = paired
  const onLogs = paired.logs && mean(paired.logs, { ...equal.onLogs, ...(ofLogs && { spread: ofLogs }) }, errors?.logs)
  const difference = mean(
    paired.differences,
    { ...equal.onValues, ...(ofValues && { spread: ofValues }) },
    errors?.differences,
  )
  return {
    ...(onLogs && { ratio: { ...onLogs, estimate: exponential(onLogs.estimate), onLogs } }),
    ...(difference && { difference }),
  }
}

/** An arm against another where one direction is worse: what the gate judges. */
export interface DirectedMeasures {
  /** Positive where the arm is worse; absent where a value is not positive, or with fewer than two blocks. */
  readonly effect?: Effect
  /** Log-ratios by block, positive where the arm is worse; none where a ratio does not exist. */
  readonly harm: readonly BlockHarm[]
  /** In the metric's unit. `atPassLevel` is the same with a 99 % interval, whose ends decide a pass. */
  readonly difference?: Estimate
  readonly atPassLevel?: Estimate
}

interface BlockHarm {
  readonly cohort: number
  readonly block: number
  readonly value: number
  /** In the metric's unit, positive where the arm is worse as well. */
  readonly difference: number
}

/** `direction`: +1 where more is worse. `spread`: what equal arms show of the scatter between cohorts, as a share. */
export function measureDirected(pairs: readonly Pair[], direction: 1 | -1, spread?: CohortSpread): DirectedMeasures {
  const ratios = logRatios(pairs)?.map((those) => those.map((ratio) => direction * ratio))
  const effect = ratios && effectOf(ratios, spread, movedBy(pairs))
  const harm = pairs.map(({ cohort, block, base, arm }) => ({
    cohort,
    block,
    value: direction * Math.log(arm / base),
    difference: direction * (arm - base),
  }))
  return { ...(effect && { effect }), harm: ratios ? harm : [], ...differencesOf(pairs, spread) }
}

/** How far the largest errors of the values could move the mean log-ratio. */
function movedBy(pairs: readonly Pair[]): number {
  const moved = pairs.map(({ base, arm, errors }) =>
    errors ? widest(logErrors(base, errors.base)) + widest(logErrors(arm, errors.arm)) : 0,
  )
  return moved.length === 0 ? 0 : mean(moved)
}

function widest({ down, up }: ReturnType<typeof logErrors>): number {
  return Math.max(down, up)
}

/** Differences in the metric's unit. The spread between cohorts is a share of the level, so it is scaled to it. */
function differencesOf(
  pairs: readonly Pair[],
  spread?: CohortSpread,
): Pick<DirectedMeasures, 'difference' | 'atPassLevel'> {
  if (pairs.length === 0) return {}
  const level = mean(pairs.map(({ base }) => base))
  const onValues = spread && { ...spread, deviation: spread.deviation * level }
  const cohorts = differences(pairs)
  const error = mean(pairs.map(({ errors }) => (errors ? errors.base + errors.arm : 0)))
  const [difference, atPassLevel] = [LEVEL, PASS_INTERVAL].map((one) => {
    const found = nestedInterval(cohorts, onValues, one)?.estimate
    return found && widened(found, error)
  })
  return { ...(difference && { difference }), ...(atPassLevel && { atPassLevel }) }
}

/** Level of the two-sided interval whose ends are the bounds that decide a pass. */
const PASS_INTERVAL = 2 * PASS_LEVEL - 1

function widened({ center, lo, hi, n }: Estimate, error: number): Estimate {
  return { center, ...(lo !== undefined && { lo: lo - error }), ...(hi !== undefined && { hi: hi + error }), n }
}
