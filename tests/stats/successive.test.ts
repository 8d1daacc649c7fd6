import { describe, expect, it } from 'vitest'
import { random } from '../../src/stats/random.ts'
import { pooledSpread, successiveSpread } from '../../src/stats/series.ts'

describe('the spread of successive values', () => {
  it('is half the mean square of their differences', () => {
    expect(successiveSpread([1, 3, 2])).toEqual({ deviation: Math.sqrt((4 + 1) / 4), freedom: 1 })
    expect(successiveSpread([1, 3])).toEqual({ deviation: Math.sqrt(2), freedom: 1 })
    expect(successiveSpread([1])).toBeUndefined()
    expect(successiveSpread([])).toBeUndefined()
  })

  it('is the standard deviation on average, as variable as its freedom says, and hardly moved by a step', () => {
    const draw = random(4, 'successive')
    const [n, runs] = [12, 20_000]
    const variances = Array.from({ length: runs }, () => {
      const { deviation = 0 } = successiveSpread(Array.from({ length: n }, draw.normal)) ?? {}
      return deviation ** 2
    })
    const mean = variances.reduce((sum, one) => sum + one, 0) / runs
    const spread = variances.reduce((sum, one) => sum + (one - mean) ** 2, 0) / runs
    expect(mean).toBeCloseTo(1, 1)
    // Of χ²/ν the variance is 2/ν.
    expect(2 / spread).toBeGreaterThan(successiveSpread(variances.slice(0, n))?.freedom ?? 0)
    expect(2 / spread).toBeLessThan((successiveSpread(variances.slice(0, n))?.freedom ?? 0) + 1)
    const stepped = Array.from({ length: 30 }, (_, index) => (index < 15 ? 0 : 1))
    expect(successiveSpread(stepped)?.deviation).toBeCloseTo(Math.sqrt(1 / 58), 12)
  })

  it('is pooled by degrees of freedom', () => {
    const pooled = pooledSpread([
      { deviation: 3, freedom: 1 },
      { deviation: 1, freedom: 3 },
    ])
    expect(pooled).toEqual({ deviation: Math.sqrt(3), freedom: 4 })
    expect(pooledSpread([])).toBeUndefined()
  })
})
