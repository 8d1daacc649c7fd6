import type { Estimate } from '../model/analysis.ts'
import { LEVEL } from '../model/confidence.ts'
import { studentQuantile } from './distributions.ts'
import { mean, sampleVariance, sumOfSquares } from './moments.ts'

/** By level and degrees of freedom; kept, since a table asks for the same few again and again. */
const T_VALUES = new Map<number, Map<number, number>>()

/** The t that a two-sided interval reaches from its centre. */
export function halfWidth(freedom: number, level = LEVEL): number {
  if (!Number.isInteger(freedom)) return studentQuantile((1 + level) / 2, freedom)
  const known = T_VALUES.get(level) ?? new Map<number, number>()
  T_VALUES.set(level, known)
  const t = known.get(freedom) ?? studentQuantile((1 + level) / 2, freedom)
  known.set(freedom, t)
  return t
}

/** Mean with a t interval: mean ± t · s/√n. One value has no interval, none has no estimate. */
export function meanInterval(values: readonly number[], level = LEVEL): Estimate | undefined {
  const n = values.length
  if (n === 0) return undefined
  const center = mean(values)
  if (n === 1) return { center, n }
  const half = halfWidth(n - 1, level) * Math.sqrt(sampleVariance(values) / n)
  return { center, lo: center - half, hi: center + half, n }
}

/** Geometric mean with a t interval on logarithms; absent where a value is not positive. */
export function geometricInterval(values: readonly number[], level = LEVEL): Estimate | undefined {
  if (values.some((value) => !(value > 0))) return undefined
  const onLogs = meanInterval(values.map(Math.log), level)
  return onLogs && exponential(onLogs)
}

/** From logarithms back to ratios. */
export function exponential({ center, lo, hi, n }: Estimate): Estimate {
  return {
    center: Math.exp(center),
    ...(lo === undefined ? {} : { lo: Math.exp(lo) }),
    ...(hi === undefined ? {} : { hi: Math.exp(hi) }),
    n,
  }
}

/** Log-ratios of the blocks of each cohort; as many per cohort as there are. */
export type Cohorts = readonly (readonly number[])[]

/** How far the means of equal arms on different provisionings lie apart: a standard deviation and how well it is known. */
export interface CohortSpread {
  readonly deviation: number
  /** How many independent cohorts it is from: the A/A means themselves, less one where their centre was estimated. */
  readonly freedom: number
  /** Blocks per cohort that those means were of; absent: as many as in the cohorts that it is used for. */
  readonly blocks?: number
}

/** Standard deviations by level. Absent where the data cannot tell: between needs two cohorts, within two blocks of one. */
export interface Components {
  readonly between?: number
  readonly within?: number
}

interface Nested extends Components {
  /** About the mean of the cohorts' means, as wide as the wider of the two below. `n` counts blocks. */
  readonly estimate: Estimate
  readonly basis: 'cohorts' | 'blocks'
  readonly cohorts: number
  /** What holds for any provisioning; absent with one cohort and no spread from elsewhere. `n` counts cohorts. */
  readonly byCohorts?: Estimate
  /** What holds for these provisionings only: all blocks alike. */
  readonly byBlocks: Estimate
}

/**
 * The mean of random effects at two levels, cohort and block (Kalibera and Jones, 2013). The cohort is the replicate: a
 * t interval on the cohorts' means, unweighted, whose scatter holds the variance of both levels, in the right measure
 * also when cohorts differ in blocks (Burdick and Graybill, 1992, "unweighted means"). A spread known from elsewhere (A/A
 * arms, history) is pooled with that scatter, each by its degrees of freedom; with one cohort it is all there is. Where
 * cohorts happen to lie closer together than their blocks allow, the interval of the blocks is wider, and taken.
 */
export function nestedInterval(cohorts: Cohorts, spread?: CohortSpread, level = LEVEL): Nested | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  const byBlocks = meanInterval(filled.flat(), level)
  if (!byBlocks) return undefined
  const parts = components(filled)
  const byCohorts = cohortInterval(filled, parts, spread, level)
  const center = mean(filled.map(mean))
  const halves = { cohorts: nestedHalfWidth(byCohorts), blocks: nestedHalfWidth(byBlocks) }
  const basis = byCohorts && halves.cohorts >= halves.blocks ? 'cohorts' : 'blocks'
  const half = halves[basis]
  const estimate = {
    center,
    ...(byBlocks.n > 1 || byCohorts ? { lo: center - half, hi: center + half } : {}),
    n: byBlocks.n,
  }
  return { estimate, basis, cohorts: filled.length, byBlocks, ...(byCohorts && { byCohorts }), ...parts }
}

/** Analysis of variance for cohorts of unequal size, by the method of moments; a negative variance is taken as none. */
export function components(cohorts: Cohorts): Components {
  const all = cohorts.flat()
  const freedom = all.length - cohorts.length
  if (freedom < 1) return cohorts.length < 2 ? {} : { between: Math.sqrt(sampleVariance(all)) }
  const inner = cohorts.reduce((sum, blocks) => sum + sumOfSquares(blocks), 0)
  const within = inner / freedom
  if (cohorts.length < 2) return { within: Math.sqrt(within) }
  const square = (sumOfSquares(all) - inner) / (cohorts.length - 1)
  const sizes = cohorts.reduce((sum, { length }) => sum + length ** 2, 0)
  const typical = (all.length - sizes / all.length) / (cohorts.length - 1)
  return { between: Math.sqrt(Math.max(0, (square - within) / typical)), within: Math.sqrt(within) }
}

/** The spread that A/A arms show: root mean square of their cohorts' means, which without luck would all be 0. */
export function cohortSpread(cohorts: Cohorts): CohortSpread | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  if (filled.length === 0) return undefined
  const squares = filled.map((blocks) => mean(blocks) ** 2)
  const inverse = mean(filled.map(({ length }) => 1 / length))
  return { deviation: Math.sqrt(mean(squares)), freedom: filled.length, blocks: 1 / inverse }
}

function cohortInterval(cohorts: Cohorts, parts: Components, spread: CohortSpread | undefined, level: number) {
  const means = cohorts.map(mean)
  const own = means.length - 1
  const freedom = own + (spread?.freedom ?? 0)
  if (freedom <= 0) return undefined
  const foreign = spread ? spread.freedom * varianceOfMean(spread, cohorts, parts.within ?? 0) : 0
  const variance = (sumOfSquares(means) + foreign) / freedom
  const half = halfWidth(freedom, level) * Math.sqrt(variance / means.length)
  const center = mean(means)
  return { center, lo: center - half, hi: center + half, n: means.length }
}

/** Of one cohort's mean. Blocks that the spread's means had and these have not add to it. */
function varianceOfMean({ deviation, blocks }: CohortSpread, cohorts: Cohorts, within: number): number {
  const inverse = mean(cohorts.map(({ length }) => 1 / length))
  const fewer = blocks === undefined ? 0 : Math.max(0, inverse - 1 / blocks)
  return deviation ** 2 + within ** 2 * fewer
}

function nestedHalfWidth(estimate: Estimate | undefined): number {
  return estimate?.hi === undefined ? 0 : estimate.hi - estimate.center
}

/**
 * What equal arms differ by in the blocks of one cohort, as rows that say nothing twice: k arms have k − 1 independent
 * differences, not one for each pair. Row j is arm j + 1 against the mean of those before it (Helmert), scaled to vary as
 * much as the difference of two arms; the first is that of the first two.
 */
export function independentDifferences(arms: readonly (readonly number[])[]): number[][] {
  return arms.slice(1).map((own, index) => {
    const before = index + 1
    const scale = Math.SQRT2 / Math.sqrt(1 + 1 / before)
    return own.map((value, block) => {
      const others = arms.slice(0, before).reduce((sum, values) => sum + (values[block] ?? Number.NaN), 0)
      return scale * (value - others / before)
    })
  })
}
