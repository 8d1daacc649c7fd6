import { describe, expect, it } from 'vitest'
import { trialsOf } from '../../src/model/plan.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { mergePlans, parseShard, shardPlan } from '../../src/plan/shards.ts'
import { http, scenarioOf } from '../build/scenario.ts'

const loads = ['a', 'b', 'c'].map((name) => ({ ...http, name }))
const whole = makePlan(scenarioOf({ loads, cohorts: 2, blocks: 3 }))
const shards = (of: number) => Array.from({ length: of }, (_, index) => shardPlan(whole, { index: index + 1, of }))

describe('shardPlan', () => {
  it.each([1, 2, 3, 4, 5, 6])('deals every trial to exactly one of %i shards, none empty', (of) => {
    const parts = shards(of)
    expect(parts.flatMap(trialsOf).length).toBe(trialsOf(whole).length)
    expect(new Set(parts.flatMap(trialsOf).map(({ id }) => id)).size).toBe(trialsOf(whole).length)
    expect(Math.min(...parts.map((part) => trialsOf(part).length))).toBeGreaterThan(0)
  })

  it('keeps a load of a cohort on one machine, all arms and blocks of it', () => {
    for (const part of shards(4)) {
      const groups = Map.groupBy(trialsOf(part), ({ cohort, load }) => `${cohort} ${load}`)
      for (const trials of groups.values()) expect(trials).toHaveLength(3 * 3)
    }
  })

  it('refuses more shards than there are parts', () => {
    expect(() => shards(7)).toThrow(
      expect.objectContaining({ code: 'usage', remedy: expect.stringContaining('6 shards') }),
    )
  })

  it.each(['0/3', '4/3', '1', '1/0', 'a/b', '1/3/5', '-1/3', ' 1/3'])('--shard %j names no shard', (text) => {
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('mergePlans', () => {
  it.each([1, 3, 6])('makes the whole of %i shards, in any order', (of) => {
    expect(mergePlans(shards(of).toReversed())).toEqual(whole)
  })

  const [one, two, three] = shards(3) as [typeof whole, typeof whole, typeof whole]
  const other = shardPlan(makePlan(scenarioOf({ loads, cohorts: 2, blocks: 3, seed: 9 })), { index: 2, of: 3 })
  it.each([
    ['a shard that is missing', [one, three], 'shard 2/3 is missing'],
    ['a shard twice', [one, two, two, three], 'in more than one of them'],
    ['a shard of another scenario', [one, other, three], 'the scenarios test and test differ'],
    ['nothing', [], 'nothing to merge'],
  ])('refuses %s', (_, plans, why) => {
    expect(() => mergePlans(plans)).toThrow(
      expect.objectContaining({ code: 'not-mergeable', why: expect.stringContaining(why) }),
    )
  })
})
