import { describe, expect, it } from 'vitest'
import { quantileInterval, shortestQuantileInterval } from '../../src/stats/quantile-intervals.ts'
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

describe('shortestQuantileInterval', () => {
  it.each([
    [6, 1, 6, 0.96875],
    [8, 1, 7, 0.9609375],
    [9, 2, 8, 0.9609375],
    [10, 2, 9, 0.978515625],
    [12, 3, 10, 0.96142578125],
    [15, 4, 12, 0.96484375],
    [20, 6, 15, 0.9586105346679688],
  ])('the median of %d values is between the %d. and the %d.', (n, lo, hi, level) => {
    const found = shortestQuantileInterval(n, 0.5)
    expect(found).toMatchObject({ lo, hi })
    close(found.level, level, 1e-14)
  })

  it.each([1, 2, 3, 4, 5])('the median of %d values has no finite interval', (n) => {
    const { lo, hi } = shortestQuantileInterval(n, 0.5)
    expect(lo === undefined || hi === undefined).toBe(true)
    expect(quantileInterval(n, 0.5)).toEqual({ level: 1 })
  })

  it.each([
    [4, 0.5, 0.001, { lo: 2, hi: 3, level: 0.375 }],
    [4, 0.25, 0.001, { lo: 1, hi: 2, level: 0.421875 }],
    [4, 0, 0.001, { hi: 1, level: 1 }],
    [4, 1, 0.001, { lo: 4, level: 1 }],
    [4, 0.5, 0.375, { lo: 2, hi: 3, level: 0.375 }],
    [4, 0.5, 0.3750001, { lo: 1, hi: 3, level: 0.625 }],
    [4, 0.5, 0.99, { level: 1 }],
    [4, 0.5, 1, { level: 1 }],
    [4, 0.5, 0.9275, { hi: 4, level: 0.9375 }],
    [5, 0.5, 0.3125, { lo: 2, hi: 3, level: 0.3125 }],
    [5, 0.5, 0.3125001, { lo: 2, hi: 4, level: 0.625 }],
    [5, 0.5, 0.95875, { hi: 5, level: 0.96875 }],
  ])('agrees with go-moremath: %d values, quantile %f, level %f', (n, quantile, level, expected) => {
    const { level: reached, ...ends } = shortestQuantileInterval(n, quantile, level)
    const { level: wanted, ...places } = expected as { level: number }
    expect(ends).toEqual(places)
    close(reached, wanted, 1e-13)
  })

  it('is never longer than the one with equal tails, and reaches its level', () => {
    for (const n of [30, 368, 1000]) {
      for (const quantile of [0.1, 0.5, 0.9]) {
        const [short, equal] = [shortestQuantileInterval(n, quantile), quantileInterval(n, quantile)]
        expect(short.level).toBeGreaterThanOrEqual(0.95)
        expect((short.hi ?? n) - (short.lo ?? 0)).toBeLessThanOrEqual((equal.hi ?? n) - (equal.lo ?? 0))
      }
    }
  })
})
