import { median } from 'simple-statistics'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/stats/random.ts'
import {
  asymptoticPValues,
  cliffsDelta,
  dominance,
  doubledRanks,
  mannWhitney,
  mannWhitneyCdf,
  signedRankCdf,
  tieCorrection,
} from '../../src/stats/rank-tests.ts'
import { close, relatively } from './close.ts'
import { signedRankTest } from './signed-rank-test.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const sign = (wins: boolean, loses: boolean) => Number(wins) - Number(loses)

/** Every subset of the indices below n, as flags. */
const subsets = (n: number) =>
  Array.from({ length: 2 ** n }, (_, mask) => Array.from({ length: n }, (_, bit) => ((mask >> bit) & 1) === 1))

/** Mean ranks by their definition: half of the pairs that a value wins or ties, one against each other. */
const slowRanks = (values: readonly number[]) =>
  values.map((one) => 0.5 + sum(values.map((other) => (other < one ? 1 : other === one ? 0.5 : 0))))

describe('doubledRanks', () => {
  it('shares the mean rank among ties, and says how large the ties are', () => {
    expect(doubledRanks([5, 1, 5, 2, 5])).toEqual({ ranks: [8, 2, 8, 4, 8], ties: [1, 1, 3] })
    expect(doubledRanks([])).toEqual({ ranks: [], ties: [] })
    expect(tieCorrection([1, 1, 3, 2])).toBe(24 + 6)
    const draw = random(1, 'ranks')
    for (let time = 0; time < 100; time++) {
      const values = Array.from({ length: 1 + draw.integer(9) }, () => draw.integer(5))
      expect(doubledRanks(values).ranks).toEqual(slowRanks(values).map((rank) => 2 * rank))
      expect(sum(doubledRanks(values).ties)).toBe(values.length)
    }
  })
})

describe('signedRankTest', () => {
  const drug = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]

  it('agrees with R on the depression scores of Hollander and Wolfe', () => {
    const test = signedRankTest(drug.map((value, index) => value - (after[index] ?? 0)))
    expect(test).toMatchObject({ statistic: 40, method: 'exact' })
    close(test.greater, 0.01953125, 1e-15)
    close(test.twoSided, 0.0390625, 1e-15)
    close(test.less, 0.986328125, 1e-15)
  })

  it('has the published critical values of the two-sided 5 % test', () => {
    const critical = Array.from({ length: 10 }, (_, index) => {
      const cdf = signedRankCdf(index + 6)
      return Array.from({ length: 60 }, (_, w) => w).findLast((w) => cdf(w) <= 0.025)
    })
    expect(critical).toEqual([0, 2, 3, 5, 8, 10, 13, 17, 21, 25])
  })

  it('agrees with counting all signs for up to 8 values, with ties and zeros', () => {
    const draw = random(2, 'signs')
    for (let time = 0; time < 200; time++) {
      const values = Array.from({ length: draw.integer(9) }, () => draw.integer(9) - 3)
      const kept = values.filter((value) => value !== 0)
      const ranks = slowRanks(kept.map(Math.abs))
      const statisticOf = (positive: readonly boolean[]) => sum(ranks.filter((_, index) => positive[index]))
      const observed = statisticOf(kept.map((value) => value > 0))
      const all = subsets(kept.length).map(statisticOf)
      const share = (fits: (one: number) => boolean) => all.filter(fits).length / all.length
      const test = signedRankTest(values)
      expect(test.statistic).toBe(observed)
      close(
        test.greater,
        share((one) => one >= observed),
        1e-14,
      )
      close(
        test.less,
        share((one) => one <= observed),
        1e-14,
      )
      const mean = sum(ranks) / 2
      close(
        test.twoSided,
        share((one) => Math.abs(one - mean) >= Math.abs(observed - mean)),
        1e-14,
      )
    }
  })

  it('its distribution without ties is that of the test itself', () => {
    const cdf = signedRankCdf(6)
    const all = subsets(6).map((positive) => sum(positive.map((one, index) => (one ? index + 1 : 0))))
    for (let w = 0; w <= 21; w++) close(cdf(w), all.filter((one) => one <= w).length / 64, 1e-15)
    expect([cdf(-1), cdf(4.5), cdf(22)]).toEqual([0, cdf(4), 1])
  })

  it('agrees with scipy 1.17.1 (asymptotic, corrected for ties and continuity) for many values', () => {
    const many = Array.from({ length: 250 }, (_, index) => (((index * 37) % 101) - 45) / 10)
    const test = signedRankTest(many)
    expect(test).toMatchObject({ statistic: 18227.5, method: 'asymptotic' })
    relatively(test.greater, 0.006823113376795507)
    relatively(test.less, 0.9931937163814154)
    relatively(test.twoSided, 0.013646226753591013)
  })

  it('counts and approximates alike where one takes over from the other', () => {
    const mean = (n: number) => (n * (n + 1)) / 4
    const deviation = (n: number) => Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24)
    for (const z of [-2.5, -1, 0, 2]) {
      const [exact, asymptotic] = [100, 101].map((n) => signedRankCdf(n)(Math.floor(mean(n) + z * deviation(n))))
      close(exact, asymptotic, 1e-3)
    }
    expect(signedRankTest(Array.from({ length: 100 }, (_, index) => index + 1)).method).toBe('exact')
  })

  it('says nothing of nothing', () => {
    expect(signedRankTest([0, 0])).toEqual({ statistic: 0, method: 'exact', greater: 1, less: 1, twoSided: 1 })
  })
})

describe('mannWhitney', () => {
  it('agrees with scipy 1.17.1 on its documentation’s example', () => {
    const [males, females] = [
      [19, 22, 16, 29, 24],
      [20, 11, 17, 12],
    ]
    const exact = mannWhitney(males, females)
    expect(exact).toMatchObject({ statistic: 17, method: 'exact' })
    close(exact.twoSided, 0.1111111111111111, 1e-14)
    close(exact.greater, 0.05555555555555555, 1e-14)
    close(exact.less, 0.9682539682539683, 1e-14)
    const asymptotic = mannWhitney(males, females, 'asymptotic')
    close(asymptotic.twoSided, 0.11134688653314041)
    close(asymptotic.greater, 0.055673443266570206)
    close(asymptotic.less, 0.9669037101389033)
  })

  it('agrees with scipy 1.17.1 on the asymptotic chances of tied samples', () => {
    const test = mannWhitney([1, 2, 2, 3, 3, 3, 4, 7], [2, 3, 4, 4, 5, 6, 6, 8, 9], 'asymptotic')
    close(test.twoSided, 0.05149814867154551)
    close(test.greater, 0.9795563241226946)
    close(test.less, 0.025749074335772754)
  })

  it('agrees with R on the chorioamnion data of Hollander and Wolfe', () => {
    const test = mannWhitney([0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], [1.15, 0.88, 0.9, 0.74, 1.21])
    expect(test.statistic).toBe(35)
    close(test.greater, 382 / 3003, 1e-14)
    close(test.twoSided, 764 / 3003, 1e-14)
  })

  it('agrees with benchstat’s documentation', () => {
    const json = [
      [1726, 1723, 1707, 1707, 1713, 1729, 1736, 1707, 1705, 1774],
      [1423, 1416, 1411, 1413, 1412, 1426, 1422, 1424, 1447, 1425],
    ] as const
    relatively(mannWhitney(...json).twoSided, 2 / 184_756)
    const [before = 0, after = 0] = json.map((values) => median([...values]))
    expect([before, after]).toEqual([1718, 1422.5])
    expect((100 * (after / before - 1)).toFixed(2)).toBe('-17.20')
    const gob = [
      [3069, 3075, 3069, 3067, 3207, 3064, 3064, 3058, 3059, 3062],
      [3075, 3065, 3059, 3065, 3060, 3081, 3186, 3135, 3087, 3062],
    ] as const
    expect(mannWhitney(...gob).twoSided.toFixed(3)).toBe('0.446')
    expect(gob.map((values) => median([...values]))).toEqual([3065.5, 3070])
  })

  it.each([
    [[1, -1, -1, -1], [-1, 1, 1, 1], 34 / 70],
    [[1, 2, 3, 4], [5, 6, 7, 8], 2 / 70],
    [[1, 2, 3], [5, 6, 7], 0.1],
    [[2, 1, 3, 5], [1, 1, 1, 1, 1], 6 / 126],
    [[3, 3], [3, 3, 3], 1],
  ])('agrees with benchmath and with enumeration: %j against %j', (x, y, p) => {
    close(mannWhitney(x, y).twoSided, p, 1e-14)
  })

  it('finds U = 17.5 in the trap of ties', () => {
    expect(mannWhitney([2, 1, 3, 5], [1, 1, 1, 1, 1]).statistic).toBe(17.5)
  })

  it('agrees with choosing every set of ranks for up to 8 values, with ties', () => {
    const draw = random(3, 'choices')
    for (let time = 0; time < 200; time++) {
      const x = Array.from({ length: 1 + draw.integer(4) }, () => draw.integer(5))
      const y = Array.from({ length: 1 + draw.integer(4) }, () => draw.integer(5))
      const pooled = [...x, ...y]
      const u = (chosen: readonly boolean[]) =>
        sum(
          pooled.flatMap((one, i) =>
            pooled.map((other, j) => (chosen[i] && !chosen[j] ? (one > other ? 1 : one === other ? 0.5 : 0) : 0)),
          ),
        )
      const observed = u(pooled.map((_, index) => index < x.length))
      const all = subsets(pooled.length)
        .filter((chosen) => chosen.filter(Boolean).length === x.length)
        .map(u)
      const share = (fits: (one: number) => boolean) => all.filter(fits).length / all.length
      const test = mannWhitney(x, y)
      const mean = (x.length * y.length) / 2
      expect(test.statistic).toBe(observed)
      close(
        test.greater,
        share((one) => one >= observed),
        1e-14,
      )
      close(
        test.less,
        share((one) => one <= observed),
        1e-14,
      )
      close(
        test.twoSided,
        share((one) => Math.abs(one - mean) >= Math.abs(observed - mean)),
        1e-14,
      )
    }
  })

  it('does not care for the order of the samples, the unit, or the scale', () => {
    const draw = random(4, 'scale')
    for (let time = 0; time < 50; time++) {
      const x = Array.from({ length: 1 + draw.integer(12) }, () => draw.integer(30))
      const y = Array.from({ length: 1 + draw.integer(12) }, () => draw.integer(30))
      const [there, back] = [mannWhitney(x, y), mannWhitney(y, x)]
      close(there.greater, back.less, 1e-13)
      close(there.twoSided, back.twoSided, 1e-13)
      expect(there.statistic + back.statistic).toBe(x.length * y.length)
      expect(
        mannWhitney(
          x.map((one) => 2 ** one),
          y.map((one) => 2 ** one),
        ),
      ).toEqual(there)
    }
  })

  it('its distribution without ties is that of the test itself, and of the normal for many', () => {
    const cdf = mannWhitneyCdf(3, 2)
    for (const [u, ways] of [1, 2, 4, 6, 8, 9, 10].entries()) close(cdf(u), ways / 10, 1e-15)
    expect([cdf(-1), cdf(2.5), cdf(9)]).toEqual([0, cdf(2), 1])
    const deviation = (n: number) => Math.sqrt((n * n * (2 * n + 1)) / 12)
    for (const z of [-2.5, -1, 0, 2]) {
      const [exact, asymptotic] = [30, 31].map((n) => mannWhitneyCdf(n, n)(Math.floor((n * n) / 2 + z * deviation(n))))
      close(exact, asymptotic, 1e-2)
    }
  })

  it('counts up to 900 pairs', () => {
    const values = (n: number) => Array.from({ length: n }, (_, index) => index)
    expect(mannWhitney(values(30), values(30)).method).toBe('exact')
    expect(mannWhitney(values(31), values(30)).method).toBe('asymptotic')
  })

  it('without any scatter nothing is known', () => {
    expect(mannWhitney([1, 1], [1], 'asymptotic').twoSided).toBe(1)
    expect(asymptoticPValues(3, 1, 0)).toEqual({ greater: 1, less: 1, twoSided: 1 })
    expect(asymptoticPValues(3, 3, 1).twoSided).toBe(1)
  })
})

describe('dominance and Cliff’s delta', () => {
  const first = [9.4, 10.3, 58.3, 106, 31, 46.2, 12, 19, 135, 159]
  const second = [14.6, 5.1, 8.1, 22.7, 6.4, 4.4, 19, 3.2]

  it('agree with statpsych’s documentation', () => {
    close(dominance(first, second), 0.86875, 1e-15)
    close(cliffsDelta(first, second), 0.7375, 1e-15)
    const [y1, y2] = [
      [32, 39, 26, 35, 43, 27, 40, 37, 34, 29],
      [36, 44, 47, 42, 49, 39, 46, 31, 33, 48],
    ]
    close(dominance(y2, y1), 0.795, 1e-15)
  })

  it('are U as a share of all pairs, and wins less losses', () => {
    const draw = random(6, 'pairs')
    for (let time = 0; time < 50; time++) {
      const x = Array.from({ length: 1 + draw.integer(9) }, () => draw.integer(9))
      const y = Array.from({ length: 1 + draw.integer(9) }, () => draw.integer(9))
      close(dominance(x, y), mannWhitney(x, y).statistic / (x.length * y.length), 1e-14)
      const signs = x.flatMap((one) => y.map((other) => sign(one > other, one < other)))
      close(cliffsDelta(x, y), sum(signs) / signs.length, 1e-14)
    }
  })
})
