import { formatShare } from './units.ts'

/** Confidence level of every interval that is shown. A one-sided bound of level 1 − α is an end of the two-sided interval of level 1 − 2α. */
export const LEVEL = 0.95

/** Chance that the truth lies beyond one given end of such an interval, without the rounding error of 1 − 0.95. */
export const ONE_TAIL = Number(((1 - LEVEL) / 2).toPrecision(6))

/** "95 %" */
export const LEVEL_TEXT = formatShare(LEVEL)

/** Level of the one-sided bound that decides whether a cell of the gate passes. With two stages, a cell that is worse by the margin passes in at most 1 % of runs. */
export const PASS_LEVEL = 0.995

/** "99.5 %" */
export const PASS_LEVEL_TEXT = formatShare(PASS_LEVEL)
