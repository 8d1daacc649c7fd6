import { normalCdf } from './normal.ts'

/** What a rank test says. `greater`: the chance, without an effect, of a statistic at least as large; `less`: as small. */
export interface RankTest {
  readonly statistic: number
  readonly method: 'exact' | 'asymptotic'
  readonly greater: number
  readonly less: number
  readonly twoSided: number
}

/** P-values of a statistic from its exact chances: `chances[s]` belongs to the value s. */
export function exactPValues(chances: ArrayLike<number>, observed: number, mean: number) {
  const sum = { greater: 0, less: 0, twoSided: 0 }
  for (let value = 0; value < chances.length; value++) {
    const chance = chances[value] ?? 0
    if (value >= observed) sum.greater += chance
    if (value <= observed) sum.less += chance
    if (Math.abs(value - mean) >= Math.abs(observed - mean)) sum.twoSided += chance
  }
  return { greater: Math.min(1, sum.greater), less: Math.min(1, sum.less), twoSided: Math.min(1, sum.twoSided) }
}

/** The same by the normal distribution, with a continuity correction of half a step. */
export function asymptoticPValues(observed: number, mean: number, deviation: number) {
  if (deviation === 0) return { greater: 1, less: 1, twoSided: 1 }
  const gap = observed - mean
  const greater = normalCdf((0.5 - gap) / deviation)
  const less = normalCdf((0.5 + gap) / deviation)
  return { greater, less, twoSided: Math.min(1, 2 * Math.min(greater, less)) }
}
