import type { Estimate } from '../model/analysis.ts'
import type { GateCell } from '../model/verdict.ts'
import { LEVEL, reach } from '../stats/interval.ts'
import { mean } from '../stats/moments.ts'
import { type CohortSpread, nestedInterval } from '../stats/nested.ts'
import { studentCdf } from '../stats/student.ts'

/** A standard error and how well it is known. */
export interface Scatter {
  readonly error: number
  readonly freedom: number
}

/** Every scatter that a mean has to stand against. */
interface Scatters {
  readonly byBlocks: Scatter
  /** Absent with one cohort and no spread known from elsewhere. */
  readonly byCohorts?: Scatter
  /** Of a pinned reference: what runs of other nights differ by without a cause. */
  readonly byNights?: Scatter
}

/** A mean log-ratio, positive where the candidate is worse. */
export interface Effect extends Scatters {
  readonly center: number
  readonly blocks: number
  readonly cohorts: number
  /** Standard deviation between blocks. */
  readonly deviation: number
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

/**
 * Candidate less the mean of references of other nights. Scatters within runs add (Welch), with Satterthwaite's degrees
 * of freedom. What nights differ by is in none of them, and in `nights`: tonight against the mean of n is √(1 + 1/n) of it.
 */
export function acrossNights(candidate: Effect, references: readonly Effect[], nights?: CohortSpread): Effect {
  const n = references.length
  const parts = [widest(candidate), ...references.map(widest).map((one) => ({ ...one, error: one.error / n }))]
  const variance = parts.reduce((sum, { error }) => sum + error ** 2, 0)
  const freedom = variance ** 2 / parts.reduce((sum, { error, freedom }) => sum + error ** 4 / freedom, 0)
  return {
    center: candidate.center - mean(references.map(({ center }) => center)),
    blocks: candidate.blocks,
    cohorts: candidate.cohorts,
    deviation: candidate.deviation,
    byBlocks: { error: Math.sqrt(variance), freedom: Number.isFinite(freedom) ? freedom : candidate.blocks - 1 },
    ...(nights && { byNights: { error: nights.deviation * Math.sqrt(1 + 1 / n), freedom: nights.freedom } }),
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
export function boundReach(effect: Scatters, alpha: number): number {
  return Math.max(...scattersOf(effect).map(({ error, freedom }) => error * reach(freedom, 1 - 2 * alpha)))
}

/** The two-sided 95 % interval as a ratio; `direction` −1 turns "worse" back into "less". */
export function ratioOf(effect: Effect, direction: 1 | -1): Estimate {
  const half = boundReach(effect, (1 - LEVEL) / 2)
  const center = direction * effect.center
  return { center: Math.exp(center), lo: Math.exp(center - half), hi: Math.exp(center + half), n: effect.blocks }
}

/** Which scatter the interval rests on. */
export function basisOf(effect: Effect): NonNullable<GateCell['basis']> {
  const found = widest(effect)
  return found === effect.byNights ? 'nights' : found === effect.byCohorts ? 'cohorts' : 'blocks'
}

function widest(effect: Scatters): Scatter {
  const width = ({ error, freedom }: Scatter) => error * reach(freedom, LEVEL)
  return scattersOf(effect).reduce((most, one) => (width(one) >= width(most) ? one : most))
}

function scattersOf({ byBlocks, byCohorts, byNights }: Scatters): Scatter[] {
  return [byBlocks, ...(byCohorts ? [byCohorts] : []), ...(byNights ? [byNights] : [])]
}

/** Values that are all the same have no scatter: then any difference is certain. */
export function tail(center: number, { error, freedom }: Scatter): number {
  if (error === 0) return center > 0 ? 0 : center === 0 ? 0.5 : 1
  return studentCdf(-center / error, freedom)
}

function scatterOf({ center, hi = center }: Estimate, freedom: number): Scatter {
  return { error: (hi - center) / reach(freedom), freedom }
}
