import { basisOf, boundHalfWidth, type Effect, neededToDecide } from '../compare/effect.ts'
import { provisions } from '../compare/standing.ts'
import type { Analysis } from '../model/analysis.ts'
import { PASS_LEVEL } from '../model/confidence.ts'
import type { Limits } from '../model/limits.ts'
import type { Pinned } from '../model/pinned.ts'
import { formatChange, formatShare } from '../model/units.ts'
import type { CellVerdict, Objection } from '../model/verdict.ts'
import { count, list } from '../model/words.ts'
import { mean } from '../stats/moments.ts'
import { hodgesLehmann } from '../stats/rank-tests.ts'
import type { Compared, ComparedOrNot } from './compared.ts'
import { concerns } from './objections.ts'
import { type Place, waiverOf } from './read-limits.ts'
import { amountOf } from './sentences.ts'

interface About {
  readonly objections: readonly Objection[]
  readonly limits: Limits
  readonly pinned?: Pinned
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
}

/** Share of the planned blocks that a verdict needs at least: the other ones may have been lost for what they showed. */
const ENOUGH = 0.8

/** An improvement to less than this share is rather a lost unit or a part that was not measured. */
const TOO_GOOD = 0.2

/** Why a cell cannot be judged, if so. A cell that is not judged never passes. */
export function whyNot(compared: Compared, analysis: Analysis, about: About): Pick<ComparedOrNot, 'why'> {
  const reference = about.pinned ? about.pinned.baseline : compared.reference
  const objection = about.objections.find((one) => one.spoils && concerns(one, { ...compared, reference }))
  if (objection) return because(objection.message)
  return ofBlocks({ ...compared, reference }, analysis, about) ?? ofFigures(compared, analysis, about) ?? {}
}

function because(message: string, rule = 'no-data'): Required<Pick<ComparedOrNot, 'why'>> {
  return { why: { rule, message } }
}

function ofBlocks({ arm, reference, load, metric, blocks, lost }: Compared, analysis: Analysis, { limits }: About) {
  const { minValid } = limits.blocks
  const least = Math.max(minValid, Math.ceil(ENOUGH * blocks.planned))
  if (blocks.planned === 0) return because(`no block has both ${arm} and ${reference} under ${load}.`)
  if (blocks.planned < minValid) {
    const message = `the plan has ${count(blocks.planned, 'block')}; a verdict needs at least ${minValid}.`
    return because(message, 'too-few-blocks')
  }
  if (blocks.valid < least) {
    const both = `valid trials of both ${arm} and ${reference}`
    const silent = silentIn(analysis, [arm, reference], { load, metric })
    return because(
      `${both}${silent > 0 ? ` with a value of ${metric}` : ''} are in ${blocks.valid} of ${count(blocks.planned, 'block')}; a verdict needs at least ${least}${lostTo(analysis, [arm, reference], load)}.`,
    )
  }
  if (Math.abs(lost.candidate - lost.reference) <= 1) return undefined
  const [more, which] = lost.candidate > lost.reference ? [arm, 'better'] : [reference, 'worse']
  return because(
    `${arm} lost ${lost.candidate} blocks and ${reference} ${lost.reference}: the remaining blocks of ${more} may be its ${which} ones.`,
  )
}

function ofFigures(compared: Compared, analysis: Analysis, { pinned, limits: { waivers }, today }: About) {
  const { record } = analysis
  const { effect, cohorts, limits, arm, reference } = compared
  if (!effect)
    return because(
      pinned
        ? 'the pinned reference has too few blocks of it.'
        : 'a value is 0 or below, so there is no ratio. For CPU, the load adds less than the scatter of idle CPU: use a higher rate or a longer window.',
    )
  if (pinned && !effect.byRuns) {
    return because(
      'the normal difference between runs is unknown. Accept several runs as the reference, keep a history, or set `runSpread` in gate.defaults.',
      'run-spread-unknown',
    )
  }
  const tooWide = tooWideFor(compared, analysis)
  if (tooWide !== undefined) return because(tooWide, 'limits-too-wide')
  // Positive is worse.
  if (effect.center < Math.log(TOO_GOOD) && !waiverOf(waivers, compared, today)) {
    const change = formatChange(Math.exp(compared.direction * effect.center))
    return because(
      `${arm} is better than ${reference} by more than is plausible (${change}): a unit is wrong, or a part was not measured. If it is real, waive it.`,
      'implausible-improvement',
    )
  }
  // The spread between runs includes the spread between clusters.
  if (cohorts < 2 && !limits.spread && !pinned && provisions(record)) {
    return because('all blocks ran on one provisioning, and no spread between clusters is given.')
  }
  return undefined
}

/** Limits of this cell, by all rules together, that let it pass whatever it is. */
function tooWideFor({ limits, info, reference, load, metric }: Compared, { cells }: Analysis): string | undefined {
  const { margin, minEffect, minAbsolute } = limits
  if (minEffect > margin) {
    return `its minEffect of ${formatShare(minEffect)} is above its margin of ${formatShare(margin)}, so a cell outside of its margin would be no regression.`
  }
  const cell = cells.find((one) => one.arm === reference && one.load === load && one.metric === metric)
  const level = cell?.estimate?.center
  if (level === undefined || minAbsolute.unit !== info.unit) return undefined
  const floor = minAbsolute.value
  if (floor <= LEAST_FLOOR || floor <= level) return undefined
  return `its minAbsolute of ${minAbsolute.text} is above the value of ${reference} itself, ${amountOf(info)(level)}: twice as much would pass.`
}

/** The default of minAbsolute, which suits every latency, in seconds. */
const LEAST_FLOOR = 20e-6

/** How many valid trials of the arms have no value of the metric. */
function silentIn({ trials, cells }: Analysis, arms: readonly string[], { load, metric }: Omit<Place, 'arm'>): number {
  const isHere = (one: { readonly arm: string; readonly load: string }) => one.load === load && arms.includes(one.arm)
  const valid = trials.filter(({ status, result: { trial } }) => status === 'valid' && isHere(trial)).length
  const told = cells.filter((cell) => cell.metric === metric && isHere(cell)).flatMap(({ values }) => values).length
  return valid - told
}

/** The validity rules that made the trials invalid, in parentheses. */
function lostTo({ trials }: Analysis, arms: readonly string[], load: string): string {
  const lost = trials.filter(
    ({ status, result: { trial } }) => status !== 'valid' && trial.load === load && arms.includes(trial.arm),
  )
  const rules = lost.flatMap(({ problems }) =>
    problems.flatMap(({ rule, severity }) => (severity === 'invalid' ? rule : [])),
  )
  return rules.length === 0 ? '' : ` (${list([...new Set(rules)])})`
}

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

/** For a suspect cell the blocks of the second stage; otherwise never fewer than a verdict needs. */
export function neededIn(
  { compared, why }: ComparedOrNot,
  { verdict, suspected }: Judgement,
  limits: Limits,
  family: number,
) {
  const { effect, cohorts } = compared
  const { minValid, extendTo } = limits.blocks
  if (why?.rule === 'too-few-blocks') return { blocks: minValid, cohorts }
  if (verdict !== 'inconclusive' || !effect) return undefined
  if (suspected) return { blocks: extendTo, cohorts }
  const found = neededFor(effect, decisionOf(compared, limits.alpha, family))
  return found && { ...found, blocks: Math.max(found.blocks, minValid) }
}

function decisionOf({ limits }: Pick<Compared, 'limits'>, alpha: number, family: number): Decision {
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

export type Side = 'worse' | 'better'
export type Sides = Readonly<Record<Side, number>>

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
