import { describe, expect, it } from 'vitest'
import { geometricInterval, halfWidth, meanInterval } from '../../src/stats/intervals.ts'
import { mean, sampleVariance, sumOfSquares } from '../../src/stats/moments.ts'
import { random } from '../../src/stats/random.ts'
import { close, relatively } from './close.ts'
import { pairedDifference, pairedRatio, robustPairedRatio } from './paired.ts'
import { signedRankTest } from './signed-rank-test.ts'
import { tTest } from './t-test.ts'

const base = [4.1, 4.32, 3.98, 4.51, 4.2, 4.05, 4.44, 4.27]
const mesh = [5.02, 5.41, 4.77, 5.6, 5.19, 4.88, 5.63, 5.2]
const pairs = base.map((value, index) => ({ base: value, arm: mesh[index] ?? Number.NaN }))
const logs = pairs.map(({ base, arm }) => Math.log(arm / base))

describe('the worked example of eight pairs (scipy 1.17.1)', () => {
  it('ratio, two-sided and one-sided', () => {
    const ratio = pairedRatio(pairs)
    close(ratio?.center, 1.2302205895343152)
    close(ratio?.lo, 1.2106406111244865)
    close(ratio?.hi, 1.2501172395897229)
    const oneSided = pairedRatio(pairs, 0.9)
    close(oneSided?.lo, 1.214507790232042)
    close(oneSided?.hi, 1.246136674532983)
  })

  it('its twin by Hodges and Lehmann, and the signed-rank test', () => {
    const robust = robustPairedRatio(pairs)
    close(robust?.center, 1.2298615395960473)
    close(robust?.lo, 1.2081069640303648)
    close(robust?.hi, 1.2523148148148147)
    expect(robust?.n).toBe(8)
    expect(signedRankTest(logs).twoSided).toBe(0.0078125)
    expect(robustPairedRatio(pairs.slice(0, 5))).toEqual({ center: expect.closeTo(1.2299, 2), n: 5 })
    close(robustPairedRatio(pairs, 0.8)?.lo, Math.exp(0.2) * ((robustPairedRatio(pairs, 0.8)?.lo ?? 0) / Math.exp(0.2)))
    expect(robustPairedRatio(pairs, 0.8)?.lo).toBeGreaterThan(robust?.lo ?? 0)
    expect(robustPairedRatio([])).toBeUndefined()
    expect(robustPairedRatio([...pairs, { base: 0, arm: 1 }])).toBeUndefined()
    expect(robustPairedRatio([...pairs, { base: 1, arm: 0 }])).toBeUndefined()
  })

  it('the t test', () => {
    const test = tTest(logs)
    close(test?.t, 30.537242542846663)
    expect(test?.freedom).toBe(7)
    relatively(test?.twoSided, 1.0419844641577545e-8)
    relatively(test?.greater, 1.0419844641577545e-8 / 2)
    close(test?.less, 1 - 1.0419844641577545e-8 / 2)
  })

  it('difference at another level', () => {
    const wide = pairedDifference(pairs, 0.99)
    const narrow = pairedDifference(pairs)
    close(wide?.center, narrow?.center)
    relatively(((wide?.hi ?? 0) - 0.97875) / ((narrow?.hi ?? 0) - 0.97875), halfWidth(7, 0.99) / halfWidth(7))
  })
})

describe('tTest', () => {
  it('agrees with scipy 1.17.1 on both sides', () => {
    const test = tTest([0.1, 0.2, -0.05, 0.3, 0.12])
    close(test?.t, 2.31309687719508)
    close(test?.twoSided, 0.08175374634522267)
    close(test?.greater, 0.040876873172611336)
    close(test?.less, 0.9591231268273887)
    close(tTest([1.1, 1.2, 0.95, 1.3, 1.12], 1)?.t, 2.31309687719508)
    close(tTest([-0.1, -0.2, 0.05, -0.3, -0.12])?.twoSided, 0.08175374634522267)
  })

  it('is sure of a difference without scatter, and of none', () => {
    expect(tTest([2, 2, 2])).toEqual({ t: Number.POSITIVE_INFINITY, freedom: 2, greater: 0, less: 1, twoSided: 0 })
    expect(tTest([0, 0])).toEqual({ t: 0, freedom: 1, greater: 0.5, less: 0.5, twoSided: 1 })
    expect(tTest([1])).toBeUndefined()
    expect(tTest([])).toBeUndefined()
    expect(tTest([1, 2])?.freedom).toBe(1)
  })

  it('rejects just what the interval leaves out', () => {
    const draw = random(1, 't')
    for (let time = 0; time < 200; time++) {
      const values = Array.from({ length: 2 + draw.integer(9) }, () => draw.normal())
      const { lo = 0, hi = 0 } = meanInterval(values) ?? {}
      for (const edge of [lo, hi]) close(tTest(values, edge)?.twoSided, 0.05)
    }
  })
})

describe('meanInterval', () => {
  it('gives the ideal bootstrap error of a mean (Efron and Tibshirani, mouse data)', () => {
    for (const [values, center, error] of [
      [[94, 197, 16, 38, 99, 141, 23], 86.85714285714286, 23.3635234372996],
      [[52, 104, 146, 10, 51, 30, 40, 27, 46], 56.22222222222222, 13.34885927320187],
    ] as const) {
      const n = values.length
      const interval = meanInterval(values)
      close(interval?.center, center)
      // The bootstrap divides by n where s divides by n − 1.
      close((((interval?.hi ?? 0) - center) / halfWidth(n - 1)) * Math.sqrt((n - 1) / n), error)
    }
  })

  it('is made of the t distribution, kept or computed anew', () => {
    close(halfWidth(7), 2.364624251592784)
    close(halfWidth(7), 2.364624251592784)
    close(halfWidth(7, 0.9), 1.8945786050613054)
    close(halfWidth(7), 2.364624251592784)
    close(halfWidth(2.5, 0.8), 1.7302509288071766)
    close(halfWidth(2.5, 0.9), 2.5582186, 1e-7)
  })

  it('needs values', () => {
    expect(meanInterval([])).toBeUndefined()
    expect(meanInterval([3])).toEqual({ center: 3, n: 1 })
    expect(geometricInterval([])).toBeUndefined()
    expect(geometricInterval([1, -1])).toBeUndefined()
    close(geometricInterval([1, Math.E, Math.E ** 2], 0.9)?.hi, Math.exp(1 + halfWidth(2, 0.9) / Math.sqrt(3)))
  })
})

describe('moments', () => {
  it('are what their names say', () => {
    expect([mean([1, 2, 6]), sumOfSquares([1, 2, 6]), sampleVariance([1, 2, 6])]).toEqual([3, 14, 7])
  })
})
