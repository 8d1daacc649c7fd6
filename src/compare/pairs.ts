import type { Cell } from '../model/analysis.ts'
import { type Cohorts, exponential } from '../stats/intervals.ts'
import { type Equals, type EstimateWithBasis, estimateOf, type PooledVariance } from './estimate.ts'

type Values = Cell['values']

/** The values of two arms in one block that has both. */
export interface Pair {
  readonly cohort: number
  readonly block: number
  readonly base: number
  readonly arm: number
}

/** Two arms in the blocks that have both, by cohort. */
interface Paired {
  /** Logarithms of the ratios; absent where a value is not positive. */
  readonly logs?: Cohorts
  readonly differences: Cohorts
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

/** Values by block, for pairing. */
export function byBlock(values: Values): ReadonlyMap<number, number> {
  return new Map(values.map(({ block, value }) => [block, value]))
}

/** Values of the same block. Blocks are numbered over the whole run. */
export function pairsOf(base: ReadonlyMap<number, number>, values: Values): Pair[] {
  return values.flatMap(({ cohort, block, value }) => {
    const partner = base.get(block)
    return partner === undefined ? [] : [{ cohort, block, base: partner, arm: value }]
  })
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
export function pairUp(base: ReadonlyMap<number, number>, values: Values, ratios = true): Paired | undefined {
  const pairs = pairsOf(base, values)
  if (pairs.length === 0) return undefined
  const logs = ratios ? logRatios(pairs) : undefined
  return { differences: differences(pairs), ...(logs && { logs }) }
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
  const onLogs = paired.logs && mean(paired.logs, { ...equal.onLogs, ...(ofLogs && { spread: ofLogs }) })
  const difference = mean(paired.differences, { ...equal.onValues, ...(ofValues && { spread: ofValues }) })
  return {
    ...(onLogs && { ratio: { ...onLogs, estimate: exponential(onLogs.estimate), onLogs } }),
    ...(difference && { difference }),
  }
}
