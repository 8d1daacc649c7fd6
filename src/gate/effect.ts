import type { Estimate } from '../model/analysis.ts'
import { LEVEL, reach } from '../stats/interval.ts'
import { mean } from '../stats/moments.ts'
import { type CohortSpread, nestedInterval } from '../stats/nested.ts'
import { studentCdf } from '../stats/student.ts'

/** A standard error and how well it is known. */
export interface Scatter {
  readonly error: number
  readonly freedom: number
}

/** A mean log-ratio, positive where the candidate is worse, with every scatter that it has to stand against. */
export interface Effect {
  readonly center: number
  readonly blocks: number
  readonly cohorts: number
  /** Standard deviation between blocks. */
  readonly deviation: number
  readonly byBlocks: Scatter
  /** Absent with one cohort and no spread known from elsewhere. */
  readonly byCohorts?: Scatter
}

/** Of the log-ratios of each cohort. Needs two blocks. */
export function effectOf(cohorts: readonly (readonly number[])[], spread?: CohortSpread): Effect | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  const nested = nestedInterval(filled, spread)
  const blocks = filled.flat().length
  if (!nested || blocks < 2) return undefined
  const byBlocks = scatterOf(nested.byBlocks, blocks - 1)
  const freedom = filled.length - 1 + (spread?.freedom ?? 0)
  return {
    center: mean(filled.map(mean)),
    blocks,
    cohorts: filled.length,
    deviation: byBlocks.error * Math.sqrt(blocks),
    byBlocks,
    ...(nested.byCohorts && { byCohorts: scatterOf(nested.byCohorts, freedom) }),
  }
}

/** Candidate less reference, measured in different runs: scatters add (Welch), with Satterthwaite's degrees of freedom. */
export function unpairedEffect(candidate: Effect, reference: Effect): Effect {
  const own = widest(candidate)
  const other = widest(reference)
  const variance = own.error ** 2 + other.error ** 2
  const freedom = variance ** 2 / (own.error ** 4 / own.freedom + other.error ** 4 / other.freedom)
  return {
    center: candidate.center - reference.center,
    blocks: candidate.blocks,
    cohorts: candidate.cohorts,
    deviation: candidate.deviation,
    byBlocks: { error: Math.sqrt(variance), freedom: Number.isFinite(freedom) ? freedom : own.freedom },
  }
}

/** One-sided: the chance, without a difference, of this or more. By every scatter; the larger counts. */
export function chanceOf({ center, ...scatters }: Effect): { worse: number; better: number } {
  const all = scattersOf(scatters)
  return {
    worse: Math.max(...all.map((one) => tail(center, one))),
    better: Math.max(...all.map((one) => tail(-center, one))),
  }
}

/** How far a one-sided bound lies from the center. `alpha`: the chance that the truth lies beyond it. */
export function boundReach(effect: Pick<Effect, 'byBlocks' | 'byCohorts'>, alpha: number): number {
  return Math.max(...scattersOf(effect).map(({ error, freedom }) => error * reach(freedom, 1 - 2 * alpha)))
}

/** The two-sided 95 % interval as a ratio; `direction` −1 turns "worse" back into "less". */
export function ratioOf(effect: Effect, direction: 1 | -1): Estimate {
  const half = boundReach(effect, (1 - LEVEL) / 2)
  const center = direction * effect.center
  return { center: Math.exp(center), lo: Math.exp(center - half), hi: Math.exp(center + half), n: effect.blocks }
}

/** Which scatter the interval rests on. */
export function basisOf(effect: Effect): 'blocks' | 'cohorts' {
  return widest(effect) === effect.byBlocks ? 'blocks' : 'cohorts'
}

function widest({ byBlocks, byCohorts }: Effect): Scatter {
  const width = ({ error, freedom }: Scatter) => error * reach(freedom, LEVEL)
  return byCohorts && width(byCohorts) >= width(byBlocks) ? byCohorts : byBlocks
}

function scattersOf({ byBlocks, byCohorts }: Pick<Effect, 'byBlocks' | 'byCohorts'>): Scatter[] {
  return byCohorts ? [byBlocks, byCohorts] : [byBlocks]
}

/** Values that are all the same have no scatter: then any difference is certain. */
function tail(center: number, { error, freedom }: Scatter): number {
  if (error === 0) return center > 0 ? 0 : center === 0 ? 0.5 : 1
  return studentCdf(-center / error, freedom)
}

function scatterOf({ center, hi = center }: Estimate, freedom: number): Scatter {
  return { error: (hi - center) / reach(freedom), freedom }
}
