import { normalCdf } from './normal.ts'
import { asymptoticPValues, exactPValues, type RankTest } from './rank-test.ts'
import { doubledRanks, tieCorrection } from './ranks.ts'

/** Above it the normal approximation is good to four digits. */
const EXACT = 100

/**
 * Wilcoxon's signed-rank test of values that scatter symmetrically about 0 when there is no effect. Zeros are left out,
 * tied sizes share their mean rank, and the chances are exact for the ranks as they are, ties included: every pattern of
 * signs is equally likely. The statistic is the sum of the ranks of positive values.
 */
export function signedRankTest(values: readonly number[]): RankTest {
  const kept = values.filter((value) => value !== 0)
  const { ranks, ties } = doubledRanks(kept.map(Math.abs))
  const doubled = ranks.reduce((sum, rank, index) => ((kept[index] ?? 0) > 0 ? sum + rank : sum), 0)
  const n = kept.length
  const mean = (n * (n + 1)) / 4
  const statistic = doubled / 2
  if (n <= EXACT) return { statistic, method: 'exact', ...exactPValues(chancesOfSums(ranks), doubled, 2 * mean) }
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection(ties) / 48
  return { statistic, method: 'asymptotic', ...asymptoticPValues(statistic, mean, Math.sqrt(variance)) }
}

/** P(W ≤ w) of the statistic of n values without ties. */
export function signedRankCdf(n: number): (w: number) => number {
  if (n > EXACT) {
    const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24)
    return (w) => normalCdf((w + 0.5 - (n * (n + 1)) / 4) / deviation)
  }
  const chances = chancesOfSums(Array.from({ length: n }, (_, index) => index + 1))
  let sum = 0
  const cumulative = Array.from(chances, (chance) => {
    sum += chance
    return sum
  })
  return (w) => (w < 0 ? 0 : (cumulative[Math.floor(w)] ?? 1))
}

/** Chances of the sums of subsets, each whole number being in or out by the toss of a coin. */
function chancesOfSums(numbers: readonly number[]): Float64Array {
  const chances = new Float64Array(numbers.reduce((sum, number) => sum + number, 0) + 1)
  chances[0] = 1
  for (const number of numbers) {
    for (let sum = chances.length - 1; sum >= 0; sum--) {
      const without = chances[sum] ?? 0
      chances[sum] = sum < number ? without / 2 : (without + (chances[sum - number] ?? 0)) / 2
    }
  }
  return chances
}
