import { describe, expect, it } from 'vitest'
import { trialsOf } from '../../src/model/plan.ts'
import { extended, extendPlan } from '../../src/plan/extend-plan.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { http, none, scenarioOf } from '../build/scenario.ts'

const arms = [none, { name: 'a', mesh: 'envoy-sidecar' }, { name: 'a-ref', mesh: 'envoy-sidecar' }]
const loads = [http, { ...http, name: 'grpc' }]
const plan = makePlan(scenarioOf({ arms, loads, cohorts: 2, blocks: 5 }))
const suspects = [{ arm: 'a', reference: 'a-ref', load: 'grpc' }]

describe('extending a plan', () => {
  it('adds blocks of suspects only, balanced, after all others', () => {
    const added = trialsOf({ cohorts: extendPlan(plan, { suspects, blocks: 10, provisionsAnew: false }) })
    expect(added).toHaveLength(10 * 2)
    expect(new Set(added.map(({ arm, load }) => `${arm} ${load}`))).toEqual(new Set(['a grpc', 'a-ref grpc']))
    expect(added.map(({ order }) => order)).toEqual(added.map((_, index) => 2 * 5 * 3 * 2 + index + 1))
    expect(new Set(added.map(({ block }) => block))).toEqual(new Set([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]))
    const firsts = added.filter(({ position }) => position === 1)
    expect(firsts.filter(({ arm }) => arm === 'a').length).toBeGreaterThanOrEqual(4)
    expect(firsts.filter(({ arm }) => arm === 'a').length).toBeLessThanOrEqual(6)
  })

  it('goes on with a cohort that can be raised again, and begins new ones where clusters are gone', () => {
    const same = extended(plan, extendPlan(plan, { suspects, blocks: 10, provisionsAnew: false }))
    expect(same.cohorts.map(({ cohort, blocks }) => [cohort, blocks.length])).toEqual([
      [1, 10],
      [2, 10],
    ])
    const anew = extended(plan, extendPlan(plan, { suspects, blocks: 10, provisionsAnew: true }))
    expect(anew.cohorts.map(({ cohort, blocks }) => [cohort, blocks.length])).toEqual([
      [1, 5],
      [2, 5],
      [3, 5],
      [4, 5],
    ])
    for (const { cohorts } of [same, anew]) {
      const ids = trialsOf({ cohorts }).map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  it('is the same for the same run', () => {
    const about = { suspects, blocks: 7, provisionsAnew: false }
    expect(extendPlan(plan, about)).toEqual(extendPlan(plan, about))
    expect(extendPlan(plan, about).map(({ blocks }) => blocks.length)).toEqual([4, 4])
  })
})
