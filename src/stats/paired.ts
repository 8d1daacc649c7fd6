import type { Estimate } from '../model/analysis.ts'
import { geometricInterval, meanInterval } from './interval.ts'

/** Two measurements of one block: of the baseline and of the arm. */
export interface Pair {
  readonly base: number
  readonly arm: number
}

/** Ratio to the baseline: exp of the t interval on the log-ratios. Absent where a value is not positive. */
export function pairedRatio(pairs: readonly Pair[]): Estimate | undefined {
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return undefined
  return geometricInterval(pairs.map(({ base, arm }) => arm / base))
}

/** Difference to the baseline, in the unit of the measurements: t interval on the differences. */
export function pairedDifference(pairs: readonly Pair[]): Estimate | undefined {
  return meanInterval(pairs.map(({ base, arm }) => arm - base))
}
