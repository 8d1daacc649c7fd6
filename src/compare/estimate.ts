import type { Basis, Cell, Estimate } from '../model/analysis.ts'
import { LEVEL } from '../model/confidence.ts'
import { type Arm, isSameArm, isSameMesh } from '../model/scenario.ts'
import {
  type CohortSpread,
  type Cohorts,
  cohortSpread,
  components,
  independentDifferences,
  meanInterval,
  nestedInterval,
} from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { hodgesLehmann, signedRankCdf } from '../stats/rank-tests.ts'
import { rootWhole } from '../stats/root.ts'
import { type Scatter, scatterOf, tail } from './effect.ts'

/** A mean over blocks, of log-ratios or of differences, and what its interval rests on. */
export interface EstimateWithBasis {
  /** `n` counts blocks. */
  readonly estimate: Estimate
  readonly basis: Basis
  /** Standard error of the mean; absent where it cannot be estimated. */
  readonly error?: number
  /** Two-sided p-value against no difference, by the t of the interval. */
  readonly p?: number
}

/** What an estimate needs from equal arms of the same run, and whether cohorts are clusters. */
export interface Equals {
  /** The same measure of each A/A pair of the baseline, by cohort. */
  readonly pairs: readonly Cohorts[]
  readonly provisioned: boolean
  /** What arms equal to the two compared show of the scatter between cohorts: see `pooledVarianceFor`. */
  readonly spread?: CohortSpread
}

/** How far each value could be moved by its own largest error, downwards and upwards; 0 or above. */
export interface Errors {
  readonly down: Cohorts
  readonly up: Cohorts
}

/**
 * With two or more cohorts the cohort is the replicate, and arms equal to the two compared add what they show of the
 * scatter between cohorts. With one, blocks are all there is: where cohorts are clusters, it holds for these clusters
 * only, and is widened on both sides by what equal arms differ by.
 */
export function estimateOf(cohorts: Cohorts, equals: Equals, errors?: Errors): EstimateWithBasis | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  return filled.length > 1 ? overCohorts(filled, equals, errors) : overBlocks(filled, equals, errors)
}

/**
 * The interval with the largest error of its mean on either side: all values may be wrong in the same direction, so their errors do not
 * become smaller by averaging. `toNone`: what the interval was widened by already.
 */
function withErrors(
  found: EstimateWithBasis,
  { down, up }: { readonly down: number; readonly up: number },
  { scatter, toNone = 0 }: { readonly scatter?: Scatter; readonly toNone?: number } = {},
): EstimateWithBasis {
  const { center, lo, hi, n } = found.estimate
  const basis = { ...found.basis, error: Math.max(down, up) }
  // As large as the values themselves: nothing is known.
  if (!(Number.isFinite(down) && Number.isFinite(up))) return { estimate: { center, n }, basis: found.basis }
  const estimate = { center, n, ...(lo !== undefined && { lo: lo - down }), ...(hi !== undefined && { hi: hi + up }) }
  const distance = Math.max(0, Math.abs(center) - toNone - (center > 0 ? down : up))
  const { p: _, ...rest } = found
  return { ...rest, estimate, basis, ...(scatter && { p: twoSided(distance, scatter) }) }
}

/** The mean with all blocks as replicates: for one provisioning, or for an A/A pair, which shows the noise of this run. */
export function overBlocks(
  cohorts: Cohorts,
  { pairs, provisioned }: Equals,
  errors?: Errors,
): EstimateWithBasis | undefined {
  const plain = meanInterval(cohorts.flat())
  if (!plain) return undefined
  const freedom = plain.n - 1
  const widened = provisioned ? Math.max(0, ...pairs.flatMap((pair) => means(pair).map(Math.abs))) : 0
  const basis: Basis = {
    unit: 'blocks',
    cohorts: cohorts.length,
    freedom,
    ...components(cohorts),
    ...(provisioned && cohorts.length === 1 && { onlyHere: true }),
    ...(widened > 0 && { widened }),
  }
  const moved = errors && { down: mean(errors.down.flat()), up: mean(errors.up.flat()) }
  if (plain.hi === undefined || plain.lo === undefined) {
    const found = { estimate: plain, basis }
    return moved ? withErrors(found, moved) : found
  }
  const scatter = scatterOf(plain, freedom)
  const estimate = { ...plain, lo: plain.lo - widened, hi: plain.hi + widened }
  const p = twoSided(Math.max(0, Math.abs(plain.center) - widened), scatter)
  const found = { estimate, basis, error: scatter.error, p }
  return moved ? withErrors(found, moved, { scatter, toNone: widened }) : found
}

function overCohorts(cohorts: Cohorts, { spread }: Equals, errors?: Errors): EstimateWithBasis | undefined {
  const nested = nestedInterval(cohorts, spread)
  const interval = nested?.byCohorts
  if (!interval) return undefined
  const freedom = cohorts.length - 1 + (spread?.freedom ?? 0)
  const scatter = scatterOf(interval, freedom)
  const found: EstimateWithBasis = {
    estimate: { ...interval, n: cohorts.flat().length },
    basis: {
      unit: 'cohorts',
      cohorts: cohorts.length,
      freedom,
      ...(spread && { pooled: spread.freedom }),
      ...(nested.between !== undefined && { between: nested.between }),
      ...(nested.within !== undefined && { within: nested.within }),
    },
    error: scatter.error,
    p: twoSided(interval.center, scatter),
  }
  if (!errors) return found
  return withErrors(found, { down: mean(means(errors.down)), up: mean(means(errors.up)) }, { scatter })
}

function twoSided(center: number, scatter: Scatter): number {
  return 2 * tail(Math.abs(center), scatter)
}

function means(cohorts: Cohorts): number[] {
  return cohorts.filter(({ length }) => length > 0).map(mean)
}

/** The normal variance between cohorts of a difference of two arms, on either scale; absent without equal arms. */
export interface PooledVariance {
  readonly onLogs?: CohortSpread
  readonly onValues?: CohortSpread
}

/** An arm and what it measured of one load and metric. */
export interface Known {
  readonly arm: Arm
  readonly values: Cell['values']
}

/**
 * What the A/A arms of a run add to the comparison of two of its arms: the one rule of report, `compare` and gate.
 * Each mesh has its own variance between clusters. The blocks of one cluster do not show it, and another mesh does not
 * share it. So only two arms of one mesh (two versions of it) use the variance of others, and only of arms equal to either
 * of them; any other interval rests on the scatter of its own cohorts. Variances are pooled by degrees of freedom.
 *
 * Two meshes pool nothing, even if both have A/A arms: with two cohorts, such intervals would cover the true value 98 % of
 * the time, since the pooled variance includes the chance of the compared arms. More cohorts use the same clusters better.
 */
export function pooledVarianceFor(one: Arm, other: Arm, arms: readonly Known[]): PooledVariance {
  if (!isSameMesh(one, other)) return {}
  // Of equal arms the first row is the comparison itself.
  if (isSameArm(one, other)) return spreads(differences(equalsOf(one, arms, [one, other])).filter(({ row }) => row > 0))
  return spreads([...differences(equalsOf(one, arms)), ...differences(equalsOf(other, arms))])
}

/** Differences of equal arms in one cohort; the first row is the difference of the first two arms. */
interface Difference {
  readonly row: number
  readonly onLogs?: readonly number[]
  readonly onValues: readonly number[]
}

/** `first`: arms that come before all others. */
function equalsOf(arm: Arm, arms: readonly Known[], first: readonly Arm[] = []): Known[] {
  const equal = arms.filter((known) => isSameArm(known.arm, arm))
  const isFirst = (known: Known) => first.some(({ name }) => name === known.arm.name)
  return [...equal.filter(isFirst), ...equal.filter((known) => !isFirst(known))]
}

/** Values in the blocks that all arms have. */
function differences(equal: readonly Known[]): Difference[] {
  const [first, ...others] = equal.map(({ values }) => new Map(values.map((one) => [one.block, one])))
  if (!first || others.length === 0) return []
  const shared = [...first.values()].filter(({ block }) => others.every((values) => values.has(block)))
  return [...Map.groupBy(shared, ({ cohort }) => cohort).values()].flatMap((blocks) => {
    const rows = [first, ...others].map((values) => blocks.map(({ block }) => values.get(block)?.value ?? Number.NaN))
    const onValues = independentDifferences(rows)
    const isPositive = rows.every((row) => row.every((value) => value > 0))
    const onLogs = isPositive ? independentDifferences(rows.map((row) => row.map(Math.log))) : []
    return onValues.map((values, row) => ({ row, onValues: values, ...(onLogs[row] && { onLogs: onLogs[row] }) }))
  })
}

function spreads(found: readonly Difference[]): PooledVariance {
  const onLogs = spreadOf(found.flatMap((one) => (one.onLogs ? [one.onLogs] : [])))
  const onValues = spreadOf(found.map((one) => one.onValues))
  return { ...(onLogs && { onLogs }), ...(onValues && { onValues }) }
}

/** Variances without scatter are ignored. */
function spreadOf(cohorts: Cohorts): CohortSpread | undefined {
  const spread = cohortSpread(cohorts)
  return spread?.deviation ? spread : undefined
}

/** Number of blocks above which single blocks do not matter, and pairwise means are too many to sort. */
const MOST = 200

/**
 * The Hodges–Lehmann interval over blocks, where it disagrees with the t interval: one excludes 0, the other does not. This
 * happens where single blocks dominate the mean. It needs six blocks. Since a table has thousands of cells, the interval
 * is computed only where a count shows that it disagrees.
 */
export function disagreeingRobustEstimate(values: readonly number[]): Estimate | undefined {
  const { lo = 0, hi = 0 } = meanInterval(values) ?? {}
  const least = leastRank(values.length)
  if (least === 0 || values.length > MOST) return undefined
  const sorted = Float64Array.from(values).sort()
  const [above, below] = [positive(sorted), positive(sorted.map((value) => -value).reverse())]
  const all = (values.length * (values.length + 1)) / 2
  // The interval runs from the least-th smallest average to the least-th largest.
  const robust = all - above < least ? 1 : all - below < least ? -1 : 0
  return robust === (lo > 0 ? 1 : hi < 0 ? -1 : 0) ? undefined : hodgesLehmann(values)
}

/** How many of the means of two values, each with itself included, are above 0: from both ends of the sorted values. */
function positive(sorted: Float64Array): number {
  let count = 0
  let low = 0
  for (let high = sorted.length - 1; high >= 0; high--) {
    const value = sorted[high] as number
    while (low < sorted.length && (sorted[low] as number) + value <= 0) low++
    if (low > high) break
    count += high - low + 1
  }
  return count
}

/** Cached by the number of values, since few numbers occur. */
const LEAST = new Map<number, number>()

function leastRank(n: number): number {
  const known = LEAST.get(n)
  if (known !== undefined) return known
  const cdf = signedRankCdf(n)
  const found = n === 0 ? 0 : rootWhole(-1, (n * (n + 1)) / 2, (w) => cdf(w) > (1 - LEVEL) / 2)
  LEAST.set(n, found)
  return found
}
