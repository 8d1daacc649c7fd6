import { describe, expect, it } from 'vitest'
import { acrossRuns, basisOf, boundHalfWidth, effectOf, pValueOf, ratioOf } from '../../src/compare/effect.ts'
import { neededFor } from '../../src/gate/judge.ts'
import { tTest } from '../stats/t-test.ts'

const RATIOS = [0.08, 0.12, 0.05, 0.11, 0.09, 0.13, 0.02, 0.1]

function effect(...args: Parameters<typeof effectOf>) {
  const found = effectOf(...args)
  if (!found) throw new Error('two blocks have an effect')
  return found
}

describe('an effect', () => {
  it('of one cohort is the paired t test', () => {
    const one = effect([RATIOS])
    const test = tTest(RATIOS)
    expect(pValueOf(one).worse).toBeCloseTo(test?.greater ?? 0, 12)
    expect(pValueOf(one).better).toBeCloseTo(test?.less ?? 0, 12)
    expect(basisOf(one)).toBe('blocks')
    expect(ratioOf(one, 1).center).toBeCloseTo(Math.exp(0.0875), 12)
    expect(ratioOf(one, -1).center).toBeCloseTo(Math.exp(-0.0875), 12)
  })

  it('is less certain where cohorts lie apart than where they do not', () => {
    const alike = effect([
      [0.08, 0.12, 0.05, 0.11],
      [0.09, 0.13, 0.02, 0.1],
    ])
    const apart = effect([
      [0.18, 0.22, 0.15, 0.21],
      [-0.01, 0.03, -0.08, 0],
    ])
    expect(apart.center).toBeCloseTo(alike.center, 12)
    expect(basisOf(apart)).toBe('cohorts')
    expect(pValueOf(apart).worse).toBeGreaterThan(10 * pValueOf(alike).worse)
  })

  it('of one cohort carries a spread that is known from elsewhere', () => {
    const own = effect([RATIOS])
    const carried = effect([RATIOS], { deviation: 0.1, freedom: 12 })
    expect(basisOf(carried)).toBe('cohorts')
    expect(boundHalfWidth(carried, 0.05)).toBeGreaterThan(3 * boundHalfWidth(own, 0.05))
    expect(pValueOf(carried).worse).toBeGreaterThan(0.05)
  })

  it('is certain of what never varies, and never of nothing', () => {
    expect(pValueOf(effect([[0.25, 0.25, 0.25]]))).toEqual({ worse: 0, better: 1 })
    expect(pValueOf(effect([[0, 0, 0]]))).toEqual({ worse: 0.5, better: 0.5 })
    expect(effectOf([[0.1]])).toBeUndefined()
  })

  it('across runs adds the scatter of both', () => {
    const one = effect([RATIOS])
    const none = acrossRuns(one, [one])
    expect(none.center).toBe(0)
    expect(none.byBlocks.error).toBeCloseTo(one.byBlocks.error * Math.SQRT2, 12)
    expect(none.byBlocks.freedom).toBeCloseTo(2 * (RATIOS.length - 1), 9)
  })

  it('across runs carries what nights differ by: tonight against the mean of those accepted', () => {
    const one = effect([RATIOS])
    const carried = acrossRuns(one, [one, one], { deviation: 0.2, freedom: 5 })
    expect(basisOf(carried)).toBe('runs')
    expect(carried.byRuns).toEqual({ error: expect.closeTo(0.2 * Math.sqrt(1.5), 12), freedom: 5 })
    expect(neededFor(carried, { accept: 0.005, margin: 0.1, reject: 1e-4, least: 0.05 })).toBeUndefined()
  })
})

describe('needed blocks', () => {
  const decision = { accept: 0.05, margin: Math.log(1.1), reject: 0.01 / 36, least: Math.log(1.05) }

  it('are just enough for the bound to come within the margin', () => {
    const loud = effect([RATIOS.map((ratio) => (ratio - 0.0875) * 10 + 0.02)])
    const needed = neededFor(loud, decision)?.blocks ?? 0
    const reachOf = (n: number) =>
      boundHalfWidth({ byBlocks: { error: loud.deviation / Math.sqrt(n), freedom: n - 1 } }, decision.accept)
    expect(loud.center + reachOf(needed)).toBeLessThanOrEqual(decision.margin)
    expect(loud.center + reachOf(needed - 1)).toBeGreaterThan(decision.margin)
  })

  it('do not exist where the estimate sits on the margin', () => {
    const stuck = effect([RATIOS.map((ratio) => (ratio - 0.0875) * 300 + 0.0953)])
    expect(neededFor(stuck, decision)).toBeUndefined()
  })
})
