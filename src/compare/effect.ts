import type { Estimate } from '../model/analysis.ts'
import { LEVEL, ONE_TAIL } from '../model/confidence.ts'
import { MOST_BLOCKS } from '../model/plan.ts'
import { studentCdf } from '../stats/distributions.ts'
import { type CohortSpread, type Cohorts, halfWidth, nestedInterval } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { rootWhole } from '../stats/root.ts'

/** A standard error and its degrees of freedom. */
export interface Scatter {
  readonly error: number
  readonly freedom: number
}

/** The scatters that an effect is tested against. */
interface Scatters {
  readonly byBlocks: Scatter
  /** Absent with one cohort and no spread known from elsewhere. */
  readonly byCohorts?: Scatter
  /** For a pinned reference: the normal scatter between runs. */
  readonly byRuns?: Scatter
}

/** The mean log-ratio of two arms. The gate's is positive where the candidate is worse. */
export interface Effect extends Scatters {
  readonly center: number
  readonly blocks: number
  readonly cohorts: number
  /** Standard deviation between blocks. */
  readonly deviation: number
  /** How far the largest errors of the values could move the center; absent where they have none. */
  readonly moved?: number
}

/** The mean log-ratio and its scatters, from the log-ratios of each cohort. Needs two blocks. `moved`: see `Effect`. */
export function effectOf(cohorts: Cohorts, spread?: CohortSpread, moved = 0): Effect | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  const nested = nestedInterval(filled, spread)
  const blocks = filled.flat().length
  if (!nested || blocks < 2 || moved === Number.POSITIVE_INFINITY) return undefined
  const byBlocks = scatterOf(nested.byBlocks, blocks - 1)
  const freedom = filled.length - 1 + (spread?.freedom ?? 0)
  return {
    center: mean(filled.map(mean)),
    blocks,
    cohorts: filled.length,
    deviation: byBlocks.error * Math.sqrt(blocks),
    byBlocks,
    ...(nested.byCohorts && { byCohorts: scatterOf(nested.byCohorts, freedom) }),
    ...(moved > 0 && { moved }),
  }
}

/**
 * The candidate less the mean of the reference runs. The scatters within runs add up (Welch), with Satterthwaite's degrees
 * of freedom. They do not include the scatter between runs, `betweenRuns`: one run against the mean of n has √(1 + 1/n) of it.
 */
export function acrossRuns(candidate: Effect, references: readonly Effect[], betweenRuns?: CohortSpread): Effect {
  const n = references.length
  const parts = [widest(candidate), ...references.map(widest).map((one) => ({ ...one, error: one.error / n }))]
  const moved = (candidate.moved ?? 0) + mean(references.map(({ moved = 0 }) => moved))
  const variance = parts.reduce((sum, { error }) => sum + error ** 2, 0)
  const freedom = variance ** 2 / parts.reduce((sum, { error, freedom }) => sum + error ** 4 / freedom, 0)
  return {
    center: candidate.center - mean(references.map(({ center }) => center)),
    blocks: candidate.blocks,
    cohorts: candidate.cohorts,
    deviation: candidate.deviation,
    ...(moved > 0 && { moved }),
    byBlocks: { error: Math.sqrt(variance), freedom: Number.isFinite(freedom) ? freedom : candidate.blocks - 1 },
    ...(betweenRuns && {
      byRuns: { error: betweenRuns.deviation * Math.sqrt(1 + 1 / n), freedom: betweenRuns.freedom },
    }),
  }
}

/** One-sided p-values: the chance of this effect or a larger one if there is no difference. The largest over all scatters. */
export function pValueOf({ center, moved = 0, ...scatters }: Effect): { worse: number; better: number } {
  const all = scattersOf(scatters)
  return {
    worse: Math.max(...all.map((one) => tail(center - moved, one))),
    better: Math.max(...all.map((one) => tail(-center - moved, one))),
  }
}

/** Distance of a one-sided bound from the center. `alpha`: the chance that the true value lies beyond it. */
export function boundHalfWidth({ moved = 0, ...effect }: Scatters & Pick<Effect, 'moved'>, alpha: number): number {
  return moved + Math.max(...scattersOf(effect).map(({ error, freedom }) => error * halfWidth(freedom, 1 - 2 * alpha)))
}

/** The two-sided 95 % interval as a ratio; `direction` −1 turns "worse" back into "less". */
export function ratioOf(effect: Effect, direction: 1 | -1): Estimate {
  const half = boundHalfWidth(effect, ONE_TAIL)
  const center = direction * effect.center
  return { center: Math.exp(center), lo: Math.exp(center - half), hi: Math.exp(center + half), n: effect.blocks }
}

/** The scatter that determines the interval. */
export function basisOf(effect: Effect): 'blocks' | 'cohorts' | 'runs' {
  const found = widest(effect)
  return found === effect.byRuns ? 'runs' : found === effect.byCohorts ? 'cohorts' : 'blocks'
}

function widest(effect: Scatters): Scatter {
  const width = ({ error, freedom }: Scatter) => error * halfWidth(freedom, LEVEL)
  return scattersOf(effect).reduce((most, one) => (width(one) >= width(most) ? one : most))
}

function scattersOf({ byBlocks, byCohorts, byRuns }: Scatters): Scatter[] {
  return [byBlocks, ...(byCohorts ? [byCohorts] : []), ...(byRuns ? [byRuns] : [])]
}

/** The one-sided p-value by one scatter. Equal values have no scatter: then any difference is certain. */
export function tail(center: number, { error, freedom }: Scatter): number {
  if (error === 0) return center > 0 ? 0 : center === 0 ? 0.5 : 1
  return studentCdf(-center / error, freedom)
}

/** The scatter that a t interval at the usual level rests on. */
export function scatterOf({ center, hi = center }: Estimate, freedom: number): Scatter {
  return { error: (hi - center) / halfWidth(freedom), freedom }
}

/** What would be repeated to narrow an interval, and how its mean scatters now. */
interface Repeated {
  readonly unit: 'blocks' | 'cohorts'
  readonly blocks: number
  readonly cohorts: number
  /** Standard error of the mean now. */
  readonly error: number
  /** Degrees of freedom with so many of the unit. */
  readonly freedomAt: (n: number) => number
}

/**
 * How many blocks in all, or cohorts of the present size, would decide a comparison if estimate and scatter stay as they
 * are. `isDecided` is asked for growing numbers, with the half-width of the interval at a level. Undefined where more than
 * `most` would be needed.
 */
export function neededToDecide(
  { unit, blocks, cohorts, error, freedomAt }: Repeated,
  isDecided: (halfAt: (level?: number) => number) => boolean,
  most = MOST_BLOCKS,
): { blocks: number; cohorts: number } | undefined {
  const now = unit === 'cohorts' ? cohorts : blocks
  const decided = (n: number) =>
    isDecided((level) => (error * Math.sqrt(now) * halfWidth(freedomAt(n), level)) / Math.sqrt(n))
  if (!decided(most)) return undefined
  const n = decided(now + 1) ? now + 1 : rootWhole(now + 1, most, decided)
  return unit === 'cohorts'
    ? { blocks: Math.ceil((n * blocks) / now), cohorts: n }
    : { blocks: n, cohorts: Math.max(1, cohorts) }
}
