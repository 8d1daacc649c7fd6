import { studentCdf } from '../../src/stats/distributions.ts'
import { mean, sampleVariance } from '../../src/stats/moments.ts'

export interface TTest {
  readonly t: number
  readonly freedom: number
  /** The chance, without an effect, of a t at least as large; `less`: as small. */
  readonly greater: number
  readonly less: number
  readonly twoSided: number
}

/** Student's test of a mean: t = (x̄ − expected) / (s/√n). Of paired measurements it is given the log-ratios. Needs two values. */
export function tTest(values: readonly number[], expected = 0): TTest | undefined {
  const n = values.length
  if (n < 2) return undefined
  const gap = mean(values) - expected
  const t = gap === 0 ? 0 : gap / Math.sqrt(sampleVariance(values) / n)
  const [greater, less] = [studentCdf(-t, n - 1), studentCdf(t, n - 1)]
  return { t, freedom: n - 1, greater, less, twoSided: 2 * Math.min(greater, less) }
}
