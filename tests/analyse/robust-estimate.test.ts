import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { disagreeingRobustEstimate } from '../../src/compare/estimate.ts'
import { meanInterval } from '../../src/stats/intervals.ts'
import { hodgesLehmann } from '../../src/stats/rank-tests.ts'

function side({ lo = 0, hi = 0 }: { lo?: number; hi?: number } = {}): number {
  return lo > 0 ? 1 : hi < 0 ? -1 : 0
}

describe('disagreeingRobustEstimate', () => {
  const value = fc.oneof(fc.integer({ min: -4, max: 9 }), fc.double({ min: -1, max: 3, noNaN: true }))

  test('is the Hodges–Lehmann interval wherever that says something else than the t interval', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 6, maxLength: 30 }), (values) => {
        const twin = hodgesLehmann(values)
        const agrees = side(twin) === side(meanInterval(values))
        expect(disagreeingRobustEstimate(values)).toEqual(agrees ? undefined : twin)
      }),
    )
  })

  test('does not exist below six blocks', () => {
    expect(disagreeingRobustEstimate([1, 1.1, 1.2, 0.9, 30])).toBeUndefined()
    expect(disagreeingRobustEstimate([1, 1.1, 1.2, 0.9, 1, 30])?.lo).toBeGreaterThan(0)
  })
})
