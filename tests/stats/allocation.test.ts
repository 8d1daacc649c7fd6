import { describe, expect, it } from 'vitest'
import { halfWidth } from '../../src/stats/intervals.ts'
import { type Budget, bestDesign } from '../../src/stats/power.ts'
import { close } from './close.ts'

/** One level of repetition, from the lowest (a second of load) to the highest (a cohort). */
interface Level {
  /** Of one more repetition at this level, without the repetitions below it; in seconds of wall clock. */
  readonly cost: number
  /** Variance that this level alone adds. Of the lowest: of one repetition. */
  readonly variance: number
}

/**
 * How many repetitions of each level within one of the next make the variance of the mean smallest for its cost:
 * √((cost above / cost) · (variance / variance above)) (Kalibera and Jones, 2013). Infinite where nothing varies above.
 */
function optimalRepetitions(levels: readonly Level[]): number[] {
  return levels.slice(0, -1).map(({ cost, variance }, index) => {
    const above = levels[index + 1] ?? { cost: 0, variance: 0 }
    return Math.sqrt((above.cost / cost) * (variance / above.variance))
  })
}

const budget: Budget = {
  seconds: 3 * 3600,
  cost: { cohort: 400, block: 60, window: 3 },
  deviation: { cohort: 0.03, block: 0.05, window: 0.2 },
  window: { least: 8, most: 120 },
}
const spent = ({ cost }: Budget, cohorts: number, blocks: number, window: number) =>
  cohorts * (cost.cohort + blocks * (cost.block + window * cost.window))
const variance = ({ deviation }: Budget, cohorts: number, blocks: number, window: number) =>
  (deviation.cohort ** 2 + (deviation.block ** 2 + deviation.window ** 2 / window) / blocks) / cohorts

describe('optimalRepetitions', () => {
  it('is the square root of costs above over costs and of variances over variances above', () => {
    const found = optimalRepetitions([
      { cost: 3, variance: 0.04 },
      { cost: 60, variance: 0.0025 },
      { cost: 400, variance: 0.0009 },
    ])
    expect(found).toHaveLength(2)
    close(found[0], Math.sqrt(20 * 16), 1e-13)
    close(found[1], Math.sqrt((400 / 60) * (25 / 9)), 1e-13)
  })

  it('never ends where nothing varies above', () => {
    expect(
      optimalRepetitions([
        { cost: 1, variance: 1 },
        { cost: 1, variance: 0 },
      ]),
    ).toEqual([Number.POSITIVE_INFINITY])
    expect(optimalRepetitions([{ cost: 1, variance: 1 }])).toEqual([])
  })

  it('makes the variance smallest for its cost', () => {
    const [window = 0, blocks = 0] = optimalRepetitions([
      { cost: budget.cost.window, variance: budget.deviation.window ** 2 },
      { cost: budget.cost.block, variance: budget.deviation.block ** 2 },
      { cost: budget.cost.cohort, variance: budget.deviation.cohort ** 2 },
    ])
    const dear = (b: number, w: number) => variance(budget, 1, b, w) * spent(budget, 1, b, w)
    for (const [b, w] of [
      [0.9, 1],
      [1.1, 1],
      [1, 0.9],
      [1, 1.1],
    ] as const) {
      expect(dear(blocks * b, window * w)).toBeGreaterThan(dear(blocks, window))
    }
  })
})

describe('bestDesign', () => {
  it('spends the budget, and is near the formula where cohorts are many', () => {
    const found = bestDesign(budget)
    expect(found?.blocks).toBe(4)
    expect(found?.cohorts).toBe(13)
    close(spent(budget, 13, 4, found?.window ?? 0), budget.seconds)
    close(found?.half, halfWidth(12) * Math.sqrt(variance(budget, 13, 4, found?.window ?? 1)))
  })

  it('is the best of all designs that fit, also with its neighbours tried by hand', () => {
    const found = bestDesign(budget)
    for (let cohorts = 2; cohorts < 20; cohorts++) {
      for (let blocks = 1; blocks < 30; blocks++) {
        const window = (budget.seconds / cohorts - 400 - blocks * 60) / (3 * blocks)
        if (window < 8) continue
        const half = halfWidth(cohorts - 1) * Math.sqrt(variance(budget, cohorts, blocks, Math.min(120, window)))
        expect(found?.half).toBeLessThanOrEqual(half + 1e-12)
      }
    }
  })

  it('prefers one long cohort where the spread between cohorts is well known, and small', () => {
    const known = { ...budget, seconds: 1500, deviation: { ...budget.deviation, cohort: 0.001 }, freedom: 30 }
    const found = bestDesign(known)
    expect(found?.cohorts).toBe(1)
    expect(found?.blocks).toBeGreaterThan(5)
    const { blocks = 1, window = 1, half } = found ?? {}
    const block = 0.05 ** 2 + 0.2 ** 2 / window
    close(half, halfWidth(blocks - 1) * Math.sqrt((0.001 ** 2 + block) / blocks))
  })

  it('has no design where nothing fits, and the smallest where only that does', () => {
    expect(bestDesign({ ...budget, seconds: 967 })).toBeUndefined()
    expect(bestDesign({ ...budget, seconds: 968 })).toMatchObject({ cohorts: 2, blocks: 1, window: 8 })
    expect(bestDesign({ ...budget, seconds: 567, freedom: 3 })).toBeUndefined()
    expect(bestDesign({ ...budget, seconds: 568, freedom: 3 })).toMatchObject({ cohorts: 1, blocks: 2, window: 8 })
  })

  it('keeps windows within their limits', () => {
    const free = bestDesign({ ...budget, cost: { ...budget.cost, window: 0 } })
    expect(free?.window).toBe(120)
    // Windows that cost nothing are as long as they may be, also with nothing left over.
    const exact = { ...budget, seconds: 920, cost: { ...budget.cost, window: 0 } }
    expect(bestDesign(exact)).toMatchObject({ cohorts: 2, blocks: 1, window: 120 })
    const noisy = bestDesign({ ...budget, deviation: { cohort: 0.001, block: 0.001, window: 5 } })
    expect(noisy?.window).toBeGreaterThan(100)
    expect(noisy?.window).toBeLessThanOrEqual(120)
  })
})
