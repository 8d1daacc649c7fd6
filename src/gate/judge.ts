import type { Limits } from '../model/limits.ts'
import type { CellVerdict } from '../model/verdict.ts'
import type { Chances } from './chances.ts'
import type { Compared } from './compared.ts'
import { boundReach, type Effect } from './effect.ts'
import type { Decision } from './needed.ts'

/** Of the one-sided bound that a pass is decided by: with two looks, what is worse by the margin passes in at most 1 %. */
const ACCEPT = 0.005
/** What makes the first stage suspicious. It costs fresh blocks only, so it is lenient. */
const SUSPECT_BELOW = 0.05

export interface Judgement {
  readonly verdict: CellVerdict
  readonly suspected: boolean
  readonly breach?: boolean
}

const PASS: Judgement = { verdict: 'pass', suspected: false }
const INCONCLUSIVE: Judgement = { verdict: 'inconclusive', suspected: false }
const SUSPECT: Judgement = { verdict: 'inconclusive', suspected: true }

/** Judged for good: after the extension, or where the plan had all blocks, or where there is only one stage. */
export function isFinal(
  { blocks: { planned } }: Pick<Compared, 'blocks'>,
  { blocks }: Pick<Limits, 'blocks'>,
): boolean {
  return planned >= blocks.extendTo
}

/**
 * The two-stage procedure. The first stage may only accept, which spends no chance of error: what it finds suspicious
 * gets fresh blocks. Only then, over all blocks and the whole family, is there a regression or an improvement.
 */
export function judgeStage(
  measured: Measured,
  chances: Chances,
  { alpha, isLast }: { alpha: number; isLast: boolean },
): Judgement {
  if (isLast) return confirm(measured, chances, alpha)
  const { worse, better } = chances.p
  const half = boundReach(measured.effect, SUSPECT_BELOW)
  const least = Math.log1p(measured.limits.minEffect)
  const mayMatter = Math.abs(measured.effect.center) + half > least && !isTiny(measured)
  if (worse < SUSPECT_BELOW && mayMatter) return SUSPECT
  const judgement = acceptable(measured)
  return { ...judgement, suspected: better < SUSPECT_BELOW && mayMatter }
}

/** A pinned reference has no second stage: what breaches twice in a row is a regression. */
export function judgePinned(measured: Measured, chances: Chances, alpha: number, breachedBefore: boolean): Judgement {
  const found = confirm(measured, chances, alpha)
  if (found.verdict !== 'regression') return { ...found, breach: false }
  return { ...(breachedBefore ? found : SUSPECT), breach: true }
}

type Measured = Compared & { readonly effect: Effect }

/** Certain over the whole family, and large enough to matter. */
function confirm(measured: Measured, { adjusted }: Chances, alpha: number): Judgement {
  const { effect, limits } = measured
  const matters = Math.abs(effect.center) >= Math.log1p(limits.minEffect) && !isSmall(measured)
  if (matters && effect.center > 0 && adjusted.worse <= alpha) return { verdict: 'regression', suspected: false }
  if (matters && effect.center < 0 && adjusted.better <= alpha) return { verdict: 'improvement', suspected: false }
  return acceptable(measured)
}

/** Not worse than the margin, by the bound: the absence of a finding alone is no pass. */
function acceptable(measured: Measured): Judgement {
  return boundOf(measured.effect) <= Math.log1p(measured.limits.margin) || isTiny(measured) ? PASS : INCONCLUSIVE
}

/** The estimate of the difference is below what matters in absolute terms. */
function isSmall(compared: Compared): boolean {
  return Math.abs(compared.difference?.center ?? Number.POSITIVE_INFINITY) < floorOf(compared)
}

/** All of the interval of the difference is, at the level of a pass. */
function isTiny(compared: Compared): boolean {
  const { lo = Number.NEGATIVE_INFINITY, hi = Number.POSITIVE_INFINITY } = compared.surely ?? {}
  return Math.max(-lo, hi) < floorOf(compared)
}

function floorOf({ limits: { minAbsolute }, info }: Compared): number {
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

/** The one-sided bound of the harm that a pass is decided by, as a logarithm. */
export function boundOf(effect: Effect): number {
  return effect.center + boundReach(effect, ACCEPT)
}
