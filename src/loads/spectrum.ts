import type { Seconds } from '../model/units.ts'
import { rankOf } from './cumulative.ts'

/** One point of the percentile spectrum. */
export interface SpectrumPoint {
  readonly quantile: number
  readonly latency: Seconds
}

const PER_DECADE = 30
/** Nine decades are 271 points: enough for 10⁹ samples. */
const DECADES = 9
/** Quantiles that readers ask for by name and that are no tick; 0.9, 0.99, … are ticks. */
const NAMED = [0.5, 0.75, 0.95]

/** 0, then evenly spaced in the logarithm of 1 − q, in which tails are straight. */
const QUANTILES = [
  ...Array.from({ length: DECADES * PER_DECADE + 1 }, (_, tick) =>
    Number((1 - 10 ** (-tick / PER_DECADE)).toFixed(12)),
  ),
  ...NAMED,
].sort((a, b) => a - b)

/** The spectrum of `count` samples: quantiles strictly rising, each with at least one sample above its rank. */
export function spectrumOf(count: number, atRank: (rank: number) => Seconds): SpectrumPoint[] {
  return QUANTILES.map((quantile) => ({ quantile, rank: rankOf(quantile, count) }))
    .filter(({ rank }) => rank < count)
    .map(({ quantile, rank }) => ({ quantile, latency: atRank(rank) }))
}
