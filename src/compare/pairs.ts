import type { Cell } from '../model/analysis.ts'
import { type Cohorts, exponential } from '../stats/intervals.ts'
import {
  type Equals,
  type Errors,
  type EstimateWithBasis,
  estimateOf,
  logErrors,
  type PooledVariance,
} from './estimate.ts'

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

/** Log-ratios of the arm to the base, by cohort; undefined where a value is not positive. */
export function logRatios(pairs: readonly Pair[]): Cohorts | undefined {
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return undefined
  return byCohort(pairs, ({ base, arm }) => Math.log(arm / base))
}

/** The arm less the base, by cohort. */
export function differences(pairs: readonly Pair[]): Cohorts {
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
