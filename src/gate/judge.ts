import { basisOf, boundHalfWidth, type Effect, neededToDecide, pValueOf, tail } from '../compare/effect.ts'
import { PASS_LEVEL } from '../model/confidence.ts'
import type { FamilyMethod, Limits } from '../model/limits.ts'
import type { CellVerdict } from '../model/verdict.ts'
import { mean } from '../stats/moments.ts'
import { holm, maxT } from '../stats/multiplicity.ts'
import { random } from '../stats/random.ts'
import { hodgesLehmann } from '../stats/rank-tests.ts'
import type { Compared } from './compared.ts'

/** Error of the one-sided bound that decides a pass. */
const ACCEPT = 1 - PASS_LEVEL
/**
 * The one-sided p-value below which the first stage suspects a cell, and the last stage does not let it end green. It is
 * lenient, since a suspicion only costs more blocks.
 */
const SUSPECT_BELOW = 0.05

export interface Judgement {
  readonly verdict: CellVerdict
  readonly suspected: boolean
  readonly unconfirmed?: true
  /** By the Hodges–Lehmann estimate, but not by the mean. */
  readonly disputed?: true
  readonly breach?: boolean
}

const PASS: Judgement = { verdict: 'pass', suspected: false }
const INCONCLUSIVE: Judgement = { verdict: 'inconclusive', suspected: false }
const SUSPECT: Judgement = { verdict: 'inconclusive', suspected: true }

/** `only`: the plan itself has all blocks, so nothing was tested before. */
export type Look = 'first' | 'last' | 'only'

/** `isExtended`: whether `run --extend` added blocks to the run. */
export function lookOf(
  { blocks: { planned } }: Pick<Compared, 'blocks'>,
  { blocks }: Pick<Limits, 'blocks'>,
  isExtended: boolean,
): Look {
  if (planned < blocks.extendTo) return 'first'
  return isExtended ? 'last' : 'only'
}

/** Share of alpha that the first of two looks spends. Both shares add up to alpha, so the sum bounds the error of both (Bonferroni). */
const FIRST_SHARE = 1 / 20

/** The family error of one look. */
function alphaAt(look: Look, alpha: number): number {
  if (look === 'only') return alpha
  return alpha * (look === 'first' ? FIRST_SHARE : 1 - FIRST_SHARE)
}

/**
 * The two-stage procedure. Both stages find regressions and improvements over the whole family, the first one with a twentieth
 * of alpha: what is that clear needs no more blocks. Cells that the first stage only suspects get more blocks. A cell that
 * only looks better gets none, since nobody would act on it. To accept a cell costs no false alarms.
 */
export function judgeStage(
  measured: Measured,
  pValues: PValues,
  { alpha, look }: { alpha: number; look: Look },
): Judgement {
  const found = confirm(measured, pValues, alphaAt(look, alpha))
  if (look !== 'first') {
    if (found.verdict !== 'inconclusive') return found
    if (isLikely(measured, pValues)) return { ...found, unconfirmed: true }
    return isWorseByRanks(measured) ? { ...found, unconfirmed: true, disputed: true } : found
  }
  if (found.verdict === 'regression' || found.verdict === 'improvement') return found
  const half = boundHalfWidth(measured.effect, SUSPECT_BELOW)
  const least = Math.log1p(measured.limits.minEffect)
  const mayMatter = measured.effect.center + half > least && !isTiny(measured)
  if (pValues.p.worse < SUSPECT_BELOW && mayMatter) return SUSPECT
  return found.verdict === 'inconclusive' && isWorseByRanks(measured) ? { ...SUSPECT, disputed: true } : found
}

/** Whether the mean is worse by the least effect, and by chance alone with a probability below 5 %, before any adjustment. */
function isLikely(measured: Measured, { p }: PValues): boolean {
  const isLarge = measured.effect.center >= Math.log1p(measured.limits.minEffect) && !isSmall(measured)
  return isLarge && p.worse < SUSPECT_BELOW
}

/**
 * Whether the Hodges–Lehmann estimate is worse by the least effect and the absolute floor, and its one-sided 95 % bound
 * excludes 0. One odd block moves the mean and widens its interval without limit, but not these. The replicates are blocks;
 * where cohorts differ, they are the means of cohorts, of which fewer than five have no such bound.
 */
function isWorseByRanks({ effect, harm, limits, info }: Measured): boolean {
  const groups = effect.byCohorts ? [...Map.groupBy(harm, ({ cohort }) => cohort).values()] : harm.map((one) => [one])
  const { center, lo } = hodgesLehmann(
    groups.map((those) => mean(those.map(({ value }) => value))),
    1 - 2 * SUSPECT_BELOW,
  ) ?? { center: 0 }
  if (lo === undefined || lo <= 0 || center < Math.log1p(limits.minEffect)) return false
  const differences = hodgesLehmann(groups.map((those) => mean(those.map(({ difference }) => difference))))
  return (differences?.center ?? 0) >= floorOf({ limits, info })
}

/** A pinned reference has no second stage: a cell that breaches it in two runs in a row is a regression. */
export function judgePinned(measured: Measured, pValues: PValues, alpha: number, breachedBefore: boolean): Judgement {
  const found = confirm(measured, pValues, alpha)
  if (found.verdict !== 'regression') return { ...found, breach: false }
  return { ...(breachedBefore ? found : SUSPECT), breach: true }
}

type Measured = Compared & { readonly effect: Effect }

/** The verdict of one look by itself: a difference counts if it is significant over the whole family and not below the least effect. */
function confirm(measured: Measured, { adjusted }: PValues, alpha: number): Judgement {
  const { effect, limits } = measured
  const matters = Math.abs(effect.center) >= Math.log1p(limits.minEffect) && !isSmall(measured)
  if (matters && effect.center > 0 && adjusted.worse <= alpha) return { verdict: 'regression', suspected: false }
  if (matters && effect.center < 0 && adjusted.better <= alpha) return { verdict: 'improvement', suspected: false }
  return acceptable(measured)
}

/** Whether a cell passes: its bound must be within the margin. Finding no regression is not enough. */
function acceptable(measured: Measured): Judgement {
  return boundOf(measured.effect) <= Math.log1p(measured.limits.margin) || isTiny(measured) ? PASS : INCONCLUSIVE
}

/** Whether the estimate of the difference is below the least absolute difference. */
function isSmall(compared: Compared): boolean {
  return Math.abs(compared.difference?.center ?? Number.POSITIVE_INFINITY) < floorOf(compared)
}

/** Whether the whole interval of the difference is below it, at the level of a pass. */
function isTiny(compared: Compared): boolean {
  const { lo = Number.NEGATIVE_INFINITY, hi = Number.POSITIVE_INFINITY } = compared.atPassLevel ?? {}
  return Math.max(-lo, hi) < floorOf(compared)
}

function floorOf({ limits: { minAbsolute }, info }: Pick<Compared, 'limits' | 'info'>): number {
  return minAbsolute.unit === info.unit ? minAbsolute.value : 0
}

export function decisionOf({ limits }: Pick<Compared, 'limits'>, alpha: number, family: number): Decision {
  return {
    accept: ACCEPT,
    margin: Math.log1p(limits.margin),
    reject: alpha / Math.max(1, family),
    least: Math.log1p(limits.minEffect),
  }
}

/** The one-sided bound that decides a pass, as a logarithm; positive is worse. */
export function boundOf(effect: Effect): number {
  return effect.center + boundHalfWidth(effect, ACCEPT)
}

/** The p-values of a cell, before and after the adjustment over its family. */
export interface PValues {
  readonly p: Sides
  readonly adjusted: Sides
}

type Side = 'worse' | 'better'
type Sides = Readonly<Record<Side, number>>

/** A cell with either an effect or the reason why it cannot be judged. */
export interface ComparedOrNot {
  readonly compared: Compared
  readonly why?: { readonly rule: string; readonly message: string }
}

/**
 * Adjusts p-values within each level, for each direction separately. Cells that were not judged count with p = 1, so that
 * the family keeps its declared size.
 */
export function pValuesOf(candidates: readonly ComparedOrNot[], method: FamilyMethod): PValues[] {
  const p = candidates.map(({ compared: { effect }, why }): Sides => (effect && !why ? pValueOf(effect) : NOTHING))
  const adjusted = p.map((one) => ({ ...one }))
  for (const level of ['error', 'warn']) {
    const members = candidates.flatMap(({ compared }, index) => (compared.limits.level === level ? [index] : []))
    const those = members.flatMap((index) => candidates[index] ?? [])
    for (const side of ['worse', 'better'] as const) {
      const values = method === 'holm' ? holm(members.map((index) => p[index]?.[side] ?? 1)) : byResampling(those, side)
      for (const [place, index] of members.entries()) Object.assign(adjusted[index] ?? {}, { [side]: values[place] })
    }
  }
  return p.map((one, index) => ({ p: one, adjusted: adjusted[index] ?? one }))
}

const NOTHING: Sides = { worse: 1, better: 1 }

/**
 * maxT changes the signs of blocks, which ignores the scatter between cohorts and runs. Where that scatter is known, Holm's
 * p-value by it is used if it is larger.
 */
function byResampling(candidates: readonly ComparedOrNot[], side: Side): number[] {
  const known = new Set(candidates.flatMap(({ compared }) => compared.harm.map(({ block }) => block)))
  const blocks = [...known].toSorted((a, b) => a - b)
  const cells = candidates.map(({ compared, why }) => {
    const values = new Map(why ? [] : compared.harm.map(({ block, value }) => [block, value]))
    return blocks.map((block) => values.get(block))
  })
  const drawn = maxT(cells, { random: random(1, 'family', side), tail: side === 'worse' ? 'greater' : 'less' })
  const others = holm(
    candidates.map(({ compared, why }) => (compared.effect && !why ? beyond(compared.effect, side) : 1)),
  )
  return drawn.map((one, index) => Math.max(one, others[index] ?? 1))
}

/** The p-value by the scatter of cohorts or runs; 0 where neither is known. */
function beyond({ center, byCohorts, byRuns }: Effect, side: Side): number {
  const harm = side === 'worse' ? center : -center
  return Math.max(0, ...[byCohorts, byRuns].flatMap((one) => (one ? [tail(harm, one)] : [])))
}

/** Blocks above which more blocks are no remedy. */
const MOST = 10_000

/** The thresholds that decide a cell, as logarithms. */
interface Decision {
  /** Of the one-sided bound that a pass needs below `margin`. */
  readonly accept: number
  readonly margin: number
  /** Of the one-sided bound that a regression needs above 0, and the least effect. */
  readonly reject: number
  readonly least: number
}

/**
 * How many blocks in all, or cohorts of the present size, would decide a cell if estimate and scatter stay as they are: the
 * fewest for which the bound is within the margin or excludes 0. Absent where thousands would not be enough.
 */
export function neededFor(effect: Effect, decision: Decision): { blocks: number; cohorts: number } | undefined {
  const basis = basisOf(effect)
  // More blocks of this run do not help; more runs would.
  if (basis === 'runs') return undefined
  const { center, blocks, cohorts, byBlocks, byCohorts = byBlocks } = effect
  const { error, freedom } = basis === 'cohorts' ? byCohorts : byBlocks
  const fixed = freedom - (basis === 'cohorts' ? cohorts : blocks)
  return neededToDecide(
    { unit: basis, blocks, cohorts, error, freedomAt: (n) => n + fixed },
    (halfAt) =>
      center + halfAt(1 - 2 * decision.accept) <= decision.margin ||
      (Math.abs(center) >= decision.least && halfAt(1 - 2 * decision.reject) <= Math.abs(center)),
    MOST,
  )
}
