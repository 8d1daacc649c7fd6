import type { Estimate } from '../../src/model/analysis.ts'
import { LEVEL } from '../../src/model/confidence.ts'
import { exponential, geometricInterval, meanInterval } from '../../src/stats/intervals.ts'
import { hodgesLehmann } from '../../src/stats/rank-tests.ts'

/** Two measurements of one block: of the baseline and of the arm. */
export interface Pair {
  readonly base: number
  readonly arm: number
}

/** Ratio to the baseline: exp of the t interval on the log-ratios. Absent where a value is not positive. */
export function pairedRatio(pairs: readonly Pair[], level = LEVEL): Estimate | undefined {
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return undefined
  return geometricInterval(
    pairs.map(({ base, arm }) => arm / base),
    level,
  )
}

/**
 * The counterpart of pairedRatio that no single block can move far: exp of the Hodges–Lehmann estimate of the log-ratios and of
 * its exact interval, which is absent where the blocks are too few for the level (below six for 95 %).
 */
export function robustPairedRatio(pairs: readonly Pair[], level = LEVEL): Estimate | undefined {
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return undefined
  const onLogs = hodgesLehmann(
    pairs.map(({ base, arm }) => Math.log(arm / base)),
    level,
  )
  return onLogs && exponential(onLogs)
}

/** Difference to the baseline, in the unit of the measurements: t interval on the differences. */
export function pairedDifference(pairs: readonly Pair[], level = LEVEL): Estimate | undefined {
  return meanInterval(
    pairs.map(({ base, arm }) => arm - base),
    level,
  )
}
