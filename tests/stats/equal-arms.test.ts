import { describe, expect, it } from 'vitest'
import { cohortSpread, independentDifferences } from '../../src/stats/intervals.ts'
import { random } from '../../src/stats/random.ts'

describe('independent differences of equal arms', () => {
  it('of two arms are their differences, of fewer none', () => {
    expect(
      independentDifferences([
        [1, 2],
        [4, 3],
      ]),
    ).toEqual([[expect.closeTo(3, 12), expect.closeTo(1, 12)]])
    expect(independentDifferences([[1, 2]])).toEqual([])
    expect(independentDifferences([])).toEqual([])
  })

  it('of k arms are k − 1 that are not correlated and each as wide as the difference of two', () => {
    const draw = random(3, 'helmert')
    const rows = independentDifferences(Array.from({ length: 4 }, () => Array.from({ length: 40_000 }, draw.normal)))
    expect(rows).toHaveLength(3)
    for (const [a, one] of rows.entries()) {
      for (const [b, other] of rows.entries()) {
        const product = one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0) / one.length
        expect(product).toBeCloseTo(a === b ? 2 : 0, 1)
      }
    }
  })

  it('count what three arms know as two, not as the pairs that share the first', () => {
    // The second and the third arm differ from the first by the first one's luck alone.
    const arms = [[0], [1], [1]]
    expect(cohortSpread(independentDifferences(arms))).toMatchObject({ freedom: 2 })
    const pooled = cohortSpread(independentDifferences(arms))?.deviation ?? 0
    // Twice the variance of the three values about their mean.
    expect(pooled ** 2).toBeCloseTo(2 / 3, 12)
  })
})
