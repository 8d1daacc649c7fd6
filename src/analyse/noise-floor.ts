import type { NoiseFloor } from '../model/analysis.ts'

/**
 * How far, as a ratio ≥ 1, the A/A pairs of a load and metric stray from 1: to the farther end of the widest interval.
 * Which of two equal arms is the baseline is chance, so the band is the same in both directions. 1 where there is no pair.
 */
export function noiseBand(floors: readonly Pick<NoiseFloor, 'ratio'>[]): number {
  const strays = floors.flatMap(({ ratio: { center, lo = center, hi = center } }) =>
    [lo, hi].map(Math.log).map(Math.abs),
  )
  return Math.exp(Math.max(0, ...strays))
}
