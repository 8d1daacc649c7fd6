import { noncentralTCdf } from './noncentral-t.ts'
import { root, rootWhole } from './root.ts'
import { studentQuantile } from './student.ts'

/** Error rates of a claim. `alpha` is one tail: 0.025 is the two-sided 5 % of a 95 % interval. */
export interface ErrorRates {
  /** Chance of calling a difference in one direction where there is none. */
  readonly alpha: number
  /** Chance of missing a difference that is there. */
  readonly beta: number
}

/**
 * The chance that a one-sided t test of `blocks` log-ratios of the given standard deviation finds a relative difference:
 * 1 − F(t(1 − α, R − 1); R − 1, δ) with F the noncentral t and δ = |ln(1 + effect)| · √R / s_D.
 */
export function power(effect: number, deviation: number, blocks: number, alpha: number): number {
  return powerOf((Math.abs(Math.log1p(effect)) * Math.sqrt(blocks)) / deviation, blocks, alpha)
}

function powerOf(shift: number, blocks: number, alpha: number): number {
  const border = studentQuantile(1 - alpha, blocks - 1)
  // So far off, what is missing from 1 is below any double, and the series is as long as the square of the shift.
  if (shift > 40 * Math.max(1, border)) return 1
  return 1 - noncentralTCdf(border, blocks - 1, shift)
}

/** The smallest relative increase that so many blocks find with the chance 1 − β. Needs two blocks. */
export function smallestEffect(deviation: number, blocks: number, { alpha, beta }: ErrorRates): number {
  const missing = (shift: number) => powerOf(shift, blocks, alpha) - (1 - beta)
  let high = 1
  while (missing(high) < 0) high *= 2
  return Math.expm1((root(0, high, missing) * deviation) / Math.sqrt(blocks))
}

/** The fewest blocks that find a relative difference with the chance 1 − β. */
export function blocksToFind(effect: number, deviation: number, { alpha, beta }: ErrorRates): number {
  const enough = (blocks: number) => power(effect, deviation, blocks, alpha) >= 1 - beta
  let high = 2
  while (!enough(high)) high *= 2
  return rootWhole(high / 2, high, enough)
}
