import { describe, expect, it } from 'vitest'
import { quantileInterval } from '../../src/stats/quantile-intervals.ts'
import { random } from '../../src/stats/random.ts'
import { close } from './close.ts'

describe('quantileInterval', () => {
  // scipy 1.17.1: binom.ppf and binom.cdf.
  it.each([
    [10_000, 0.99, 9880, 9920, 0.9557546828065552],
    [1000, 0.99, 983, 997, 0.976094763497977],
    [100_000, 0.999, 99_880, 99_920, 0.954789056801905],
    [8, 0.5, 1, 8, 0.9921875],
    [20, 0.5, 6, 15, 0.9586105346679688],
  ])('of %d values at %f is between the %d. and the %d.', (n, quantile, lo, hi, level) => {
    const found = quantileInterval(n, quantile)
    expect(found).toMatchObject({ lo, hi })
    close(found.level, level)
  })

  it('needs 368 values for an upper end at p99', () => {
    expect(quantileInterval(367, 0.99).hi).toBeUndefined()
    expect(quantileInterval(368, 0.99).hi).toBe(368)
    expect(quantileInterval(5, 0.5)).toEqual({ level: 1 })
    expect(quantileInterval(367, 0.01).lo).toBeUndefined()
    expect(quantileInterval(368, 0.01).lo).toBe(1)
  })

  it('keeps its level in each tail', () => {
    const draw = random(1, 'quantile')
    let [below, above] = [0, 0]
    for (let time = 0; time < 4000; time++) {
      const sorted = Array.from({ length: 40 }, () => draw.uniform()).toSorted((a, b) => a - b)
      const { lo = 0, hi = 41 } = quantileInterval(40, 0.7, 0.9)
      if ((sorted[lo - 1] ?? 0) > 0.7) below++
      if ((sorted[hi - 1] ?? 1) < 0.7) above++
    }
    // At most 5 % each, and not far from it: the exact chances are 4.4 % and 3.1 %… of 4,000, give or take four deviations.
    for (const misses of [below, above]) expect(misses).toBeLessThan(200 + 55)
    expect(below + above).toBeGreaterThan(120)
  })
})
