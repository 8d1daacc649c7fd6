import { LEVEL } from '../../src/model/confidence.ts'
import { incompleteBeta } from '../../src/stats/distributions.ts'
import { root } from '../../src/stats/root.ts'

/**
 * Exact two-sided interval for a chance, from `hits` in `trials` (Clopper and Pearson, 1934): quantiles of the beta
 * distribution. A one-sided bound of level 1 − α is the end of the two-sided interval of level 1 − 2α.
 */
export function clopperPearson(hits: number, trials: number, level = LEVEL): { lo: number; hi: number } {
  const tail = (1 - level) / 2
  return {
    lo: hits === 0 ? 0 : root(0, 1, (x) => incompleteBeta(x, hits, trials - hits + 1) - tail),
    hi: hits === trials ? 1 : root(0, 1, (x) => tail - incompleteBeta(1 - x, trials - hits, hits + 1, x)),
  }
}

/** One-sided: the chance is below it, at this level. */
export function upperBound(hits: number, trials: number): number {
  return clopperPearson(hits, trials, 1 - 2 * (1 - LEVEL)).hi
}
