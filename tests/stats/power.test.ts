import { describe, expect, it } from 'vitest'
import { clopperPearson } from '../../bench/prove/clopper-pearson.ts'
import { studentQuantile } from '../../src/stats/distributions.ts'
import { sampleVariance } from '../../src/stats/moments.ts'
import { blocksToFind, power, smallestEffect } from '../../src/stats/power.ts'
import { random } from '../../src/stats/random.ts'
import { root, rootWhole } from '../../src/stats/root.ts'
import { close, relatively } from './close.ts'
import { tTest } from './t-test.ts'

describe('power', () => {
  // scipy 1.17.1: nct.sf.
  it.each([
    [0.1, 0.06, 10, 0.025, 0.9933862678431941],
    [0.1, 0.06, 20, 0.01 / 36, 0.9935339351478756],
    [0.05, 0.09, 8, 0.025, 0.2637017666211059],
    [-0.1, 0.06, 10, 0.025, 0.9983393802315033],
    [0, 0.06, 10, 0.025, 0.025],
  ])('of %f at s_D %f with %d blocks, alpha %f', (effect, deviation, blocks, alpha, expected) =>
    close(power(effect, deviation, blocks, alpha), expected, 1e-11),
  )

  it('is how often the t test finds it', () => {
    const draw = random(1, 'power')
    let found = 0
    for (let time = 0; time < 4000; time++) {
      const logs = Array.from({ length: 6 }, () => Math.log(1.08) + 0.07 * draw.normal())
      if ((tTest(logs)?.greater ?? 1) <= 0.05) found++
    }
    const expected = power(0.08, 0.07, 6, 0.05)
    expect(Math.abs(found / 4000 - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 4000))
  })
})

describe('blocksToFind', () => {
  it.each([
    [0.01, 0.1, [4, 5, 8, 14, 21, 42]],
    [0.01, 0.05, [6, 9, 20, 46, 69, 152]],
    [0.01 / 36, 0.1, [7, 8, 13, 25, 35, 71]],
    [0.01 / 36, 0.2, [5, 6, 8, 11, 14, 24]],
  ])('is the published table at alpha %f for an effect of %f', (alpha, effect, expected) => {
    const rates = { alpha, beta: 0.05 }
    expect([0.02, 0.03, 0.05, 0.08, 0.1, 0.15].map((deviation) => blocksToFind(effect, deviation, rates))).toEqual(
      expected,
    )
  })

  it('is never less than two', () => {
    expect(blocksToFind(10, 0.001, { alpha: 0.025, beta: 0.05 })).toBe(2)
    expect(blocksToFind(0.1, 1e-17, { alpha: 0.025, beta: 0.05 })).toBe(2)
  })
})

describe('smallestEffect', () => {
  const base = [4.1, 4.32, 3.98, 4.51, 4.2, 4.05, 4.44, 4.27]
  const mesh = [5.02, 5.41, 4.77, 5.6, 5.19, 4.88, 5.63, 5.2]
  const deviation = Math.sqrt(sampleVariance(base.map((value, index) => Math.log((mesh[index] ?? 0) / value))))

  it('of the worked example is 3.46 %, where the shifted t says 3.38 %', () => {
    const half = deviation / Math.sqrt(8)
    close(Math.expm1((studentQuantile(0.99, 7) + studentQuantile(0.95, 7)) * half), 0.033752665107848946)
    // scipy 1.17.1: brentq on nct.sf.
    close(smallestEffect(deviation, 8, { alpha: 0.01, beta: 0.05 }), 0.03457740033775029)
  })

  it('is found with the chance asked for, and shrinks with blocks', () => {
    const rates = { alpha: 0.025, beta: 0.2 }
    let last = Number.POSITIVE_INFINITY
    for (const blocks of [2, 3, 5, 8, 13, 40, 500]) {
      const effect = smallestEffect(0.07, blocks, rates)
      close(power(effect, 0.07, blocks, rates.alpha), 0.8)
      expect(effect).toBeLessThan(last)
      last = effect
    }
  })

  it('agrees with blocksToFind', () => {
    const rates = { alpha: 0.025, beta: 0.05 }
    for (const deviation of [0.03, 0.09, 0.46]) {
      const blocks = blocksToFind(0.1, deviation, rates)
      expect(smallestEffect(deviation, blocks, rates)).toBeLessThanOrEqual(0.1)
      if (blocks > 2) expect(smallestEffect(deviation, blocks - 1, rates)).toBeGreaterThan(0.1)
    }
  })
})

describe('clopperPearson', () => {
  // scipy 1.17.1: binomtest.
  it.each([
    [3, 20, 0.95, 0.03207093718554477, 0.37892682654529564],
    [20, 20, 0.95, 0.8315665290169145, 1],
    [0, 20, 0.95, 0, 1 - 0.8315665290169145],
    [2, 10_000, 0.9, 3.5537296551340717e-5, 0.0006294441484919464],
  ])('%d of %d at level %f', (hits, trials, level, lo, hi) => {
    const found = clopperPearson(hits, trials, level)
    close(found.lo, lo)
    close(found.hi, hi)
    if (lo > 0) relatively(found.lo, lo)
  })

  it('zero alarms in 299 nights bound the rate by 1 %', () => {
    expect(clopperPearson(0, 299, 0.9).hi).toBeLessThan(0.01)
    expect(clopperPearson(0, 298, 0.9).hi).toBeGreaterThan(0.01)
    expect(clopperPearson(3, 20)).toEqual(clopperPearson(3, 20, 0.95))
  })

  it('holds its level for every chance', () => {
    const draw = random(2, 'coverage')
    for (const p of [0.02, 0.3, 0.5]) {
      let covered = 0
      for (let time = 0; time < 1000; time++) {
        const hits = Array.from({ length: 25 }, () => draw.uniform() < p).filter(Boolean).length
        const { lo, hi } = clopperPearson(hits, 25)
        if (lo <= p && p <= hi) covered++
      }
      expect(covered).toBeGreaterThan(950 - 28)
    }
  })
})

describe('root', () => {
  it('finds where a function rises through 0, in few steps', () => {
    for (const [low, high, f, expected] of [
      [0, 1, (x: number) => x ** 9 - 1e-6, 1e-6 ** (1 / 9)],
      [0, 10, (x: number) => x - 3, 3],
      [-5, 5, (x: number) => Math.atan(x - 1), 1],
      [0, 1, (x: number) => x - 1, 1],
      [2, 3, (x: number) => x, 2],
      [0, 1e6, (x: number) => Math.expm1(x - 20), 20],
      [0, 1, (x: number) => (x < 0.7 ? -1 : 1), 0.7],
      [0, 1, (x: number) => Math.sqrt(x) - 1e-9, 1e-18],
    ] as const) {
      let steps = 0
      const found = root(low, high, (x) => {
        steps++
        return f(x)
      })
      relatively(found, expected, 1e-12)
      expect(steps).toBeLessThan(220)
    }
    let steps = 0
    root(0, 1, (x) => {
      steps++
      return Math.exp(x) - 2
    })
    expect(steps).toBeLessThan(20)
  })

  it('finds the first whole number', () => {
    for (let first = 1; first <= 20; first++) expect(rootWhole(0, 20, (n) => n >= first)).toBe(first)
  })
})
