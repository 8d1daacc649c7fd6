import type { Basis, Estimate } from '../model/analysis.ts'
import { meanInterval, reach } from '../stats/interval.ts'
import { mean } from '../stats/moments.ts'
import { type CohortSpread, type Cohorts, components, nestedInterval } from '../stats/nested.ts'
import { studentCdf } from '../stats/student.ts'

/** A mean over blocks, of log-ratios or of differences, and what its interval rests on. */
export interface Weighed {
  /** `n` counts blocks. */
  readonly estimate: Estimate
  readonly basis: Basis
  /** Standard error of the mean; absent where nothing can be known of it. */
  readonly error?: number
  /** Two-sided chance of this or more without a difference, by the interval's own t. */
  readonly p?: number
}

/** What equal arms of the same run show, and whether cohorts are clusters. */
export interface Equals {
  /** The same measure of each A/A pair of the baseline, by cohort. */
  readonly pairs: readonly Cohorts[]
  readonly provisioned: boolean
  /** What arms equal to the two compared lend of the scatter between cohorts: see `lending.ts`. */
  readonly spread?: CohortSpread
}

/**
 * With two or more cohorts the cohort is the replicate, and arms equal to the two compared lend what they know of the
 * scatter between cohorts. With one, blocks are all there is: where cohorts are clusters, it holds for these clusters
 * only, and is widened on both sides by what equal arms differ by.
 */
export function weigh(cohorts: Cohorts, equals: Equals): Weighed | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  return filled.length > 1 ? overCohorts(filled, equals) : overBlocks(filled, equals)
}

/** All blocks alike: of one provisioning, or of an A/A pair, which says what equal arms differ by in this run. */
export function overBlocks(cohorts: Cohorts, { pairs, provisioned }: Equals): Weighed | undefined {
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
  if (plain.hi === undefined || plain.lo === undefined) return { estimate: plain, basis }
  const error = (plain.hi - plain.center) / reach(freedom)
  const estimate = { ...plain, lo: plain.lo - widened, hi: plain.hi + widened }
  return { estimate, basis, error, p: chanceOf(Math.max(0, Math.abs(plain.center) - widened), error, freedom) }
}

function overCohorts(cohorts: Cohorts, { spread }: Equals): Weighed | undefined {
  const nested = nestedInterval(cohorts, spread)
  const interval = nested?.byCohorts
  if (!interval) return undefined
  const freedom = cohorts.length - 1 + (spread?.freedom ?? 0)
  const error = ((interval.hi ?? interval.center) - interval.center) / reach(freedom)
  return {
    estimate: { ...interval, n: cohorts.flat().length },
    basis: {
      unit: 'cohorts',
      cohorts: cohorts.length,
      freedom,
      ...(spread && { lent: spread.freedom }),
      ...(nested.between !== undefined && { between: nested.between }),
      ...(nested.within !== undefined && { within: nested.within }),
    },
    error,
    p: chanceOf(interval.center, error, freedom),
  }
}

function chanceOf(center: number, error: number, freedom: number): number {
  if (error === 0) return center === 0 ? 1 : 0
  return 2 * studentCdf(-Math.abs(center / error), freedom)
}

function means(cohorts: Cohorts): number[] {
  return cohorts.filter(({ length }) => length > 0).map(mean)
}
