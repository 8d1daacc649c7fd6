import { describe, expect, test } from 'vitest'
import { type EstimateWithBasis, estimateOf } from '../../src/compare/estimate.ts'
import { blocksToDecide } from '../../src/compare/standing.ts'

const alone = { pairs: [], provisioned: false }
const borders = { noise: Math.log(1.02), telling: Math.log(1.1) }

/** Values with exactly this mean and standard deviation. */
function valuesOf(n: number, center: number, deviation: number): number[] {
  const shape = Array.from({ length: n }, (_, index) => (index % 2 === 0 ? 1 : -1) * (index === n - 1 && n % 2 ? 0 : 1))
  const mean = shape.reduce((sum, one) => sum + one, 0) / n
  const spread = Math.sqrt(shape.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1))
  return shape.map((one) => center + (deviation * (one - mean)) / spread)
}

function isDecided(weighed: EstimateWithBasis | undefined): boolean {
  const { center = 0, lo = 0, hi = 0 } = weighed?.estimate ?? {}
  const within = hi <= borders.telling && lo >= -borders.telling
  return within || (Math.abs(center) > borders.noise && lo * hi > 0)
}

describe('blocksToDecide', () => {
  test.each([
    [0.08, 0.2],
    [-0.05, 0.15],
    [0.03, 0.3],
    [0, 0.12],
  ])('is the fewest blocks that decide a mean of %f with deviation %f', (center, deviation) => {
    const now = estimateOf([valuesOf(6, center, deviation)], alone)
    const { blocks = 0 } = (now && blocksToDecide(now, borders)) ?? {}
    expect(isDecided(now)).toBe(false)
    expect(blocks).toBeGreaterThan(6)
    expect(isDecided(estimateOf([valuesOf(blocks, center, deviation)], alone))).toBe(true)
    if (blocks > 7) expect(isDecided(estimateOf([valuesOf(blocks - 1, center, deviation)], alone))).toBe(false)
  })

  test('is in cohorts where cohorts are the replicates', () => {
    const cohorts = (n: number) => valuesOf(n, 0.08, 0.15).map((level) => [level - 0.01, level, level + 0.01])
    const now = estimateOf(cohorts(4), alone)
    const needed = now && blocksToDecide(now, borders)
    expect(needed?.blocks).toBe(3 * (needed?.cohorts ?? 0))
    expect(isDecided(estimateOf(cohorts(needed?.cohorts ?? 0), alone))).toBe(true)
    expect(isDecided(estimateOf(cohorts((needed?.cohorts ?? 0) - 1), alone))).toBe(false)
  })

  test('is absent where more blocks of one provisioning cannot decide', () => {
    const now = estimateOf([valuesOf(8, 0.06, 0.1)], { pairs: [[valuesOf(8, 0.08, 0.1)]], provisioned: true })
    expect(now?.basis).toMatchObject({ onlyHere: true, widened: expect.closeTo(0.08, 9) })
    expect(now && blocksToDecide(now, borders)).toBeUndefined()
  })
})
