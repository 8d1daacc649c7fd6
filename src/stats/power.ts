import { noncentralTCdf, studentQuantile } from './distributions.ts'
import { halfWidth } from './intervals.ts'
import { root, rootWhole } from './root.ts'

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

/** What a comparison of one arm and load costs and how it scatters. */
export interface Budget {
  /** Wall clock in all, in seconds. */
  readonly seconds: number
  /** Wall clock of one more: cohort without its blocks, block without its windows, second of window of one trial. */
  readonly cost: { readonly cohort: number; readonly block: number; readonly window: number }
  /** Standard deviations of the log-ratio: between cohorts, between blocks, and of one second's window alone. */
  readonly deviation: { readonly cohort: number; readonly block: number; readonly window: number }
  /** Shortest and longest window. */
  readonly window: { readonly least: number; readonly most: number }
  /** Cohorts' worth of knowledge of the spread between cohorts from elsewhere; 0 when absent. */
  readonly freedom?: number
}

interface Design {
  readonly cohorts: number
  /** Per cohort. */
  readonly blocks: number
  /** Seconds of one window. */
  readonly window: number
  /** Half the width of the interval that is to be expected, on the logarithm. */
  readonly half: number
}

/**
 * The design whose interval is the narrowest for a time budget. The formula of Kalibera and Jones (2013)
 * considers variances only. With few cohorts the t of the interval matters as well, so all whole numbers are tried. Undefined where the budget has no room for two blocks, in
 * two cohorts unless their spread is known from elsewhere.
 */
export function bestDesign(budget: Budget): Design | undefined {
  let best: Design | undefined
  for (let cohorts = (budget.freedom ?? 0) > 0 ? 1 : 2; roomFor(budget, cohorts, 1) >= 0; cohorts++) {
    for (let blocks = cohorts > 1 ? 1 : 2; ; blocks++) {
      const room = roomFor(budget, cohorts, blocks)
      if (room < 0) break
      const extra = budget.cost.window > 0 ? room / (cohorts * blocks * budget.cost.window) : Number.POSITIVE_INFINITY
      const window = Math.min(budget.window.most, budget.window.least + extra)
      const half = expectedHalf(budget, cohorts, blocks, window)
      if (!best || half < best.half) best = { cohorts, blocks, window, half }
    }
  }
  return best
}

/** Seconds left with the shortest windows. */
function roomFor({ seconds, cost, window }: Budget, cohorts: number, blocks: number): number {
  return seconds - cohorts * (cost.cohort + blocks * (cost.block + window.least * cost.window))
}

/** Of the wider of both intervals of nestedInterval, with the variances that are to be expected. */
function expectedHalf({ deviation, freedom = 0 }: Budget, cohorts: number, blocks: number, window: number): number {
  const block = deviation.block ** 2 + deviation.window ** 2 / window
  const byCohorts = halfWidth(cohorts - 1 + freedom) * Math.sqrt((deviation.cohort ** 2 + block / blocks) / cohorts)
  const byBlocks = halfWidth(cohorts * blocks - 1) * Math.sqrt((deviation.cohort ** 2 + block) / (cohorts * blocks))
  return Math.max(byCohorts, byBlocks)
}
