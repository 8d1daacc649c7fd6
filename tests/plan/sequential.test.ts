import { describe, expect, it } from 'vitest'
import { blockCount, trialsOf } from '../../src/model/plan.ts'
import { describePlan, planLines } from '../../src/plan/describe-plan.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { named } from '../build/scenario.ts'

describe('a sequential plan', () => {
  const frozen = makePlan(named(['a', 'b', 'c'], ['x', 'y'], { blocks: 4, cohorts: 2 }))
  const sequential = makePlan({ ...frozen.scenario, isolation: 'sequential' })

  it('has the same trials as one that interleaves', () => {
    const ids = (plan: typeof frozen) => trialsOf(plan).map(({ id }) => id)
    expect(ids(sequential).toSorted()).toEqual(ids(frozen).toSorted())
    expect(trialsOf(sequential).map(({ order }) => order)).toEqual(ids(sequential).map((_, index) => index + 1))
  })

  it('ends with an arm before it begins with the next', () => {
    for (const { blocks } of sequential.cohorts) {
      const arms = blocks.flatMap(({ visits }) => visits.map(({ arm }) => arm))
      const changes = arms.filter((arm, index) => arm !== arms[index - 1])
      expect(changes).toHaveLength(frozen.scenario.arms.length)
    }
  })

  it('has as many blocks, and can tell no more than one that interleaves', () => {
    const costs = { cohort: 60, visit: 10, trial: 1 }
    const [one, other] = [describePlan(sequential, costs), describePlan(frozen, costs)]
    expect([blockCount(sequential), blockCount(frozen)]).toEqual([8, 8])
    expect(one.detectable).toEqual(other.detectable)
    expect(planLines(one)[0]).toContain('3 arms, 2 loads, 8 blocks, 2 cohorts')
  })
})
