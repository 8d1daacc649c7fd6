import { describe, expect, it } from 'vitest'
import { random } from '../../src/stats/random.ts'
import { hodgesLehmann, hodgesLehmannShift, mannWhitney } from '../../src/stats/rank-tests.ts'
import { close } from './close.ts'
import { signedRankTest } from './signed-rank-test.ts'

describe('hodgesLehmann', () => {
  it('agrees with R on the depression scores of Hollander and Wolfe', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const found = hodgesLehmann(before.map((value, index) => value - (after[index] ?? 0)))
    close(found?.center, 0.46)
    close(found?.lo, 0.01)
    close(found?.hi, 0.786)
    expect(found?.n).toBe(9)
  })

  it('contains exactly the centres that the signed-rank test does not reject', () => {
    const draw = random(1, 'invert')
    for (let time = 0; time < 100; time++) {
      const level = draw.uniform() < 0.5 ? 0.95 : 0.8
      const values = Array.from({ length: 6 + draw.integer(7) }, () => draw.normal())
      const p = (center: number) => signedRankTest(values.map((value) => value - center)).twoSided
      const { lo = Number.NaN, hi = Number.NaN, center } = hodgesLehmann(values, level) ?? { center: Number.NaN }
      for (const inside of [lo + 1e-9, center + 1e-9, hi - 1e-9]) expect(p(inside)).toBeGreaterThan(1 - level)
      for (const outside of [lo - 1e-9, hi + 1e-9]) expect(p(outside)).toBeLessThanOrEqual(1 - level)
    }
  })

  it('has no interval below six values, and no estimate of none', () => {
    expect(hodgesLehmann([5, 1, 2, 3, 4])).toStrictEqual({ center: 3, n: 5 })
    expect(hodgesLehmann([5, 1, 2, 3, 4, 6])).toEqual({ center: 3.5, lo: 1, hi: 6, n: 6 })
    // The level of the full range of six, to the digit: 1 − 2/2⁶.
    expect(hodgesLehmann([5, 1, 2, 3, 4, 6], 0.96875)).toMatchObject({ lo: 1, hi: 6 })
    expect(hodgesLehmann([5, 1, 2, 3, 4, 6], 0.97)).toStrictEqual({ center: 3.5, n: 6 })
    expect(hodgesLehmann([7])).toEqual({ center: 7, n: 1 })
    expect(hodgesLehmann([])).toBeUndefined()
  })

  it('is not moved by one wild value', () => {
    const calm = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    expect(hodgesLehmann([...calm.slice(0, 9), 1e9])?.center).toBeLessThan(6.1)
  })
})

describe('hodgesLehmannShift', () => {
  it('agrees with R on the chorioamnion data of Hollander and Wolfe', () => {
    const found = hodgesLehmannShift(
      [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
      [1.15, 0.88, 0.9, 0.74, 1.21],
    )
    close(found?.center, 0.305)
    close(found?.lo, -0.15)
    close(found?.hi, 0.76)
    expect(found?.n).toBe(15)
  })

  it('contains exactly the shifts that the Mann–Whitney test does not reject', () => {
    const draw = random(2, 'invert')
    for (let time = 0; time < 100; time++) {
      const x = Array.from({ length: 4 + draw.integer(7) }, () => draw.normal())
      const y = Array.from({ length: 4 + draw.integer(7) }, () => draw.normal())
      const p = (shift: number) =>
        mannWhitney(
          x.map((value) => value - shift),
          y,
        ).twoSided
      const { lo = Number.NaN, hi = Number.NaN, center } = hodgesLehmannShift(x, y) ?? { center: Number.NaN }
      for (const inside of [lo + 1e-9, center + 1e-9, hi - 1e-9]) expect(p(inside)).toBeGreaterThan(0.05)
      for (const outside of [lo - 1e-9, hi + 1e-9]) expect(p(outside)).toBeLessThanOrEqual(0.05)
    }
  })

  it('has no interval where the samples are too small for the level', () => {
    expect(hodgesLehmannShift([3, 5], [1])).toEqual({ center: 3, n: 3 })
    expect(hodgesLehmannShift([], [1])).toBeUndefined()
  })
})
