import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { geometricInterval, meanInterval } from '../../src/stats/intervals.ts'
import { pairedDifference, pairedRatio } from './paired.ts'

const base = [4.1, 4.32, 3.98, 4.51, 4.2, 4.05, 4.44, 4.27]
const mesh = [5.02, 5.41, 4.77, 5.6, 5.19, 4.88, 5.63, 5.2]
const pairs = base.map((value, index) => ({ base: value, arm: mesh[index] as number }))

const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
const somePairs = fc.array(fc.record({ base: positive, arm: positive }), { minLength: 2, maxLength: 20 })

/** Of two computations that differ in the order of their roundings only. */
function close(actual: number | undefined, expected: number | undefined) {
  expect((actual ?? Number.NaN) / (expected ?? Number.NaN)).toBeCloseTo(1, 8)
}

describe('pairedRatio', () => {
  test('agrees with figures computed apart (Python, fsum, tabulated t)', () => {
    const ratio = pairedRatio(pairs)
    close(ratio?.center, 1.2302205895343152)
    close(ratio?.lo, 1.2106406111244865)
    close(ratio?.hi, 1.2501172395897229)
    expect(ratio?.n).toBe(8)
  })

  test('swapping the arms inverts the ratio and its interval', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const there = pairedRatio(pairs)
        const back = pairedRatio(pairs.map(({ base, arm }) => ({ base: arm, arm: base })))
        close((there?.center ?? 0) * (back?.center ?? 0), 1)
        close(Math.log(there?.lo ?? 0) - 1e3, -Math.log(back?.hi ?? 0) - 1e3)
      }),
    )
  })

  test('neither the unit nor the level of a block matters', () => {
    fc.assert(
      fc.property(somePairs, fc.array(positive, { minLength: 20, maxLength: 20 }), (pairs, levels) => {
        const moved = pairs.map(({ base, arm }, block) => {
          const level = levels[block] as number
          return { base: base * level, arm: arm * level }
        })
        close(pairedRatio(moved)?.center, pairedRatio(pairs)?.center)
        close(Math.log(pairedRatio(moved)?.hi ?? 0) - 1e3, Math.log(pairedRatio(pairs)?.hi ?? 0) - 1e3)
      }),
    )
  })

  test('the interval contains the centre', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const { center, lo, hi } = pairedRatio(pairs) ?? { center: Number.NaN }
        expect(lo).toBeLessThanOrEqual(center * (1 + 1e-12))
        expect(hi).toBeGreaterThanOrEqual(center * (1 - 1e-12))
      }),
    )
  })

  test('one pair has no interval, none has no ratio, and a ratio to 0 does not exist', () => {
    expect(pairedRatio([{ base: 2, arm: 3 }])).toEqual({ center: expect.closeTo(1.5, 12), n: 1 })
    expect(pairedRatio([])).toBeUndefined()
    expect(pairedRatio([...pairs, { base: 0, arm: 3 }])).toBeUndefined()
  })
})

describe('pairedDifference', () => {
  test('agrees with figures computed apart (Python, fsum, tabulated t)', () => {
    const difference = pairedDifference(pairs)
    close(difference?.center, 0.97875)
    close(difference?.lo, 0.8634745677348519)
    close(difference?.hi, 1.0940254322651481)
  })
})

describe('geometricInterval', () => {
  test('is the mean interval on logarithms', () => {
    const level = geometricInterval(mesh)
    const onLogs = meanInterval(mesh.map(Math.log))
    close(level?.center, 5.204011987937243)
    close(Math.log(level?.lo ?? 0), onLogs?.lo)
    expect(geometricInterval([1, 0])).toBeUndefined()
  })

  test('equal values have an interval without width', () => {
    expect(meanInterval([3, 3, 3])).toEqual({ center: 3, lo: 3, hi: 3, n: 3 })
  })
})
