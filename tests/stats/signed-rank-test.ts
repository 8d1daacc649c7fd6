import {
  asymptoticPValues,
  doubledRanks,
  EXACT_PAIRS,
  exactPValues,
  probabilitiesOfSignedSums,
  type RankTest,
  tieCorrection,
} from '../../src/stats/rank-tests.ts'

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
  if (n <= EXACT_PAIRS)
    return { statistic, method: 'exact', ...exactPValues(probabilitiesOfSignedSums(ranks), doubled, 2 * mean) }
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection(ties) / 48
  return { statistic, method: 'asymptotic', ...asymptoticPValues(statistic, mean, Math.sqrt(variance)) }
}
