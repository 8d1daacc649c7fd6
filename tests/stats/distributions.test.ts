import { describe, expect, it } from 'vitest'
import {
  binomialCdf,
  binomialDensity,
  binomialQuantile,
  incompleteBeta,
  incompleteBetaStep,
  noncentralTCdf,
  normalCdf,
  poissonDensity,
  stirlingError,
  studentCdf,
  studentQuantile,
} from '../../src/stats/distributions.ts'
import { random } from '../../src/stats/random.ts'
import { close, relatively } from './close.ts'

// All numbers: scipy 1.17.1.

describe('densities', () => {
  it.each([
    [3, 10, 0.3, 0.2668279319999998],
    [9900, 10_000, 0.99, 0.040061805774913604],
    [0, 5, 0.2, 0.32768],
    [5, 5, 0.2, 0.00032],
    [0, 5, 0.9, 1e-5],
    [5, 5, 0.9, 0.59049],
    [1, 1_000_000, 1e-6, 0.3678796251112704],
  ])('binomial: %d of %d at %f', (k, n, p, expected) => relatively(binomialDensity(k, n, p), expected))

  it('binomial: nothing outside, everything at the ends', () => {
    expect([-1, 6].map((k) => binomialDensity(k, 5, 0.3))).toEqual([0, 0])
    expect([0, 1, 5].map((k) => binomialDensity(k, 5, 0))).toEqual([1, 0, 0])
    expect([0, 4, 5].map((k) => binomialDensity(k, 5, 1))).toEqual([0, 0, 1])
  })

  it('binomial: keeps its digits where 1 − p is small and given apart', () => {
    relatively(binomialDensity(3, 3, 1 - 1e-20, 1e-20), 1)
    relatively(binomialDensity(2, 3, 1, 1e-20), 3e-20)
    relatively(binomialDensity(0, 3, 1e-20, 1), 1)
    relatively(binomialDensity(100_000, 100_000, 1, 1e-5), Math.exp(-1.000005000033334))
    relatively(binomialDensity(0, 100_000, 1e-5, 1), Math.exp(-1.000005000033334))
  })

  it.each([
    [0, 2, 0.1353352832366127],
    [3, 2.5, 0.21376301724973648],
    [100, 80, 0.003939458159199123],
    [1_000_000, 1_000_000, 0.0003989422468833316],
  ])('Poisson: %d at %f', (k, mean, expected) => relatively(poissonDensity(k, mean), expected))

  it('Poisson of mean 0 is 0 for certain', () => {
    expect([0, 1].map((k) => poissonDensity(k, 0))).toEqual([1, 0])
  })

  it('Stirling’s error agrees with factorials, and with its own recursion between whole numbers', () => {
    let factorial = 1
    for (let n = 1; n <= 25; n++) {
      factorial *= n
      close(stirlingError(n), Math.log(factorial / (Math.sqrt(2 * Math.PI * n) * (n / Math.E) ** n)), 1e-13)
    }
    relatively(stirlingError(0.5), 0.15342640972002736, 1e-13)
    for (const x of [0.3, 2.25, 7.9, 14.5, 14.9, 15.2]) {
      close(stirlingError(x) - stirlingError(x + 1), (x + 0.5) * Math.log1p(1 / x) - 1, 1e-13)
    }
  })
})

describe('incompleteBeta', () => {
  it.each([
    [0.3, 2, 5, 0.5798250000000003],
    [0.9, 0.5, 0.5, 0.7951672353008665],
    [0.5, 50, 60, 0.8309072939016693],
    [0.001, 3, 8, 1.193715099017991e-7],
    [0.99, 995, 5, 0.028873665557045798],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('at %f of (%f, %f)', (x, a, b, expected) => {
    close(incompleteBeta(x, a, b), expected, 1e-13)
    if (expected > 0) relatively(incompleteBeta(x, a, b), expected)
  })

  it('mirrors, and steps down by its step', () => {
    const draw = random(1, 'beta')
    for (let time = 0; time < 500; time++) {
      const [x, a, b] = [draw.uniform(), Math.exp(6 * draw.uniform() - 1), Math.exp(6 * draw.uniform() - 1)]
      close(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a), 1, 1e-11)
      close(incompleteBeta(x, a, b) - incompleteBeta(x, a + 1, b), incompleteBetaStep(x, a, b), 1e-11)
    }
    expect(incompleteBetaStep(0, 2, 3)).toBe(0)
  })

  it('keeps its digits for sizes in the thousands', () => {
    close(incompleteBeta(0.5, 1e5, 1e5), 0.5, 1e-10)
    close(incompleteBeta(1e-12, 0.5, 0.5), 6.366197723676878e-7, 1e-18)
  })
})

describe('normalCdf', () => {
  it.each([
    [-10, 7.61985302416047e-24],
    [-3.5, 0.00023262907903552502],
    [-3, 0.0013498980316300933],
    [-1.96, 0.024997895148220435],
    [0, 0.5],
    [0.3, 0.6179114221889526],
    [2.9, 0.998134186699616],
    [3, 0.9986501019683699],
    [3.2, 0.9993128620620841],
  ])('at %f', (z, expected) => relatively(normalCdf(z), expected, 1e-12))
})

describe('Student’s t', () => {
  it.each([
    [-3, 2, 0.04773298313335456],
    [0.5, 3.7, 0.6773321833400341],
    [2, 9, 0.9617235881146495],
    [-40, 7, 7.951089992425182e-10],
    [1, 1000, 0.8412237909576638],
    [0, 3, 0.5],
    [Number.POSITIVE_INFINITY, 3, 1],
    [Number.NEGATIVE_INFINITY, 3, 0],
  ])('chance up to %f with %f degrees of freedom', (t, freedom, expected) => {
    close(studentCdf(t, freedom), expected, 1e-13)
    if (expected > 0) relatively(studentCdf(t, freedom), expected)
  })

  it('is the arctangent with one degree of freedom', () => {
    for (const t of [1e-6, 0.2, 1, 1e4]) close(studentCdf(t, 1), 0.5 + Math.atan(t) / Math.PI, 1e-15)
  })

  it.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 4, 2.7764451051977934],
    [0.975, 7, 2.364624251592784],
    [0.9, 2.5, 1.7302509288071766],
    [0.001, 3, -10.214531852407385],
    [0.99972222, 11, 4.797512902990958],
    [0.6, 50, 0.254699342988588],
    [0.5, 3, 0],
    [1, 3, Number.POSITIVE_INFINITY],
    [0, 3, Number.NEGATIVE_INFINITY],
    [1.5, 3, Number.NaN],
  ])('quantile of %f with %f degrees of freedom', (p, freedom, expected) =>
    close(studentQuantile(p, freedom), expected),
  )

  it('quantile of a small chance has all its digits: of Cauchy’s distribution it is −1 / tan(πp)', () => {
    for (const p of [1e-15, 1e-12, 1e-6, 0.01]) relatively(studentQuantile(p, 1), -1 / Math.tan(Math.PI * p), 1e-12)
  })

  it('quantile and chance undo each other, however far out', () => {
    for (const freedom of [1, 1.3, 2, 5, 30, 1000, 1e5]) {
      for (const p of [1e-12, 1e-6, 0.01, 0.3, 0.499, 0.5001]) {
        relatively(studentCdf(studentQuantile(p, freedom), freedom), p, 1e-9)
      }
    }
  })
})

describe('noncentralTCdf', () => {
  it.each([
    [2, 7, 1.5, 0.6468007850041534],
    [-1, 7, 1.5, 0.008466289130239078],
    [1, 7, -1.5, 0.9915337108697609],
    [3, 1, 2, 0.5248571617336879],
    [0, 5, 1, 0.15865525393145707],
    [60, 9, 50, 0.7142155005708897],
    [2.1, 4.5, 0, 0.9520310915189568],
    [3, 20, 6, 0.0031295711437093355],
  ])('at %f with %f degrees of freedom, shifted by %f', (t, freedom, shift, expected) =>
    close(noncentralTCdf(t, freedom, shift), expected, 1e-12),
  )

  it('is Student’s t without a shift, and stays a chance', () => {
    for (const t of [-4, -0.3, 0, 2, 30]) close(noncentralTCdf(t, 6, 0), studentCdf(t, 6), 1e-13)
    for (const shift of [-200, -9, 9, 200]) {
      for (const t of [-300, -1, 1, 300]) {
        const chance = noncentralTCdf(t, 3, shift)
        expect(chance >= 0 && chance <= 1, `${t} ${shift} ${chance}`).toBe(true)
      }
    }
  })
})

describe('binomial', () => {
  it.each([
    [3, 10, 0.3, 0.6496107184],
    [9880, 10_000, 0.99, 0.027597256302066775],
    [0, 5, 0.2, 0.32768],
    [99, 100, 0.99, 0.6339676587267709],
    [3.9, 10, 0.3, 0.6496107184],
    [-1, 5, 0.2, 0],
    [5, 5, 0.2, 1],
    [7, 5, 0.2, 1],
  ])('chance of at most %f of %d at %f', (k, n, p, expected) => close(binomialCdf(k, n, p), expected, 1e-12))

  it('the quantile is the first count that reaches the level', () => {
    for (const [n, p] of [
      [1, 0.5],
      [7, 0.3],
      [50, 0.99],
    ] as const) {
      for (const level of [0.001, 0.025, 0.5, 0.975, 0.9999]) {
        const k = binomialQuantile(level, n, p)
        expect(binomialCdf(k, n, p)).toBeGreaterThanOrEqual(level)
        expect(binomialCdf(k - 1, n, p)).toBeLessThan(level)
      }
    }
    expect(binomialQuantile(0, 5, 0.5)).toBe(0)
  })

  it('gives the ideal bootstrap error of a median (Efron and Tibshirani, mouse data)', () => {
    const sorted = [94, 197, 16, 38, 99, 141, 23].toSorted((a, b) => a - b)
    const upTo = (k: number) => 1 - binomialCdf(3, 7, k / 7)
    const chances = sorted.map((_, k) => upTo(k + 1) - upTo(k))
    const mean = sorted.reduce((sum, value, k) => sum + value * (chances[k] ?? 0), 0)
    const square = sorted.reduce((sum, value, k) => sum + value ** 2 * (chances[k] ?? 0), 0)
    relatively(Math.sqrt(square - mean ** 2), 37.834674393865946)
  })
})
