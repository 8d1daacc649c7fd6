import { describe, expect, it } from 'vitest'
import { findingOf, told } from '../../src/analyse/capacity/goal.ts'
import { openSearches } from '../../src/analyse/capacity/searches.ts'
import { judgeTrial } from '../../src/analyse/judge-trial.ts'
import { type Trial, trialAt, trialsOf } from '../../src/model/plan.ts'
import type { Result } from '../../src/model/result.ts'
import { readingOf } from '../build/reading.ts'
import { resultOf } from '../build/run.ts'
import { loadOf, named, none, planOf, scenarioOf } from '../build/scenario.ts'

const goal = { p99: 0.01, errors: 0.001, min: 100, max: 20_000, width: 0.05, budget: 600 }
const load = loadOf({ name: 'capacity', rate: goal.max, capacity: goal, connections: 200, warmup: 1, duration: 8 })
const plan = planOf(scenarioOf({ arms: [none], loads: [load] }))
const [search] = trialsOf(plan) as [Trial]

type Seen = Parameters<typeof told>[0]
const seen = (p99: number, changes: Partial<Seen> = {}, bounds?: { lo: number; hi?: number }): Seen => ({
  requests: 10_000,
  errors: 0,
  planned: 10_000,
  latency: {
    summary: {
      service: { p50: 0.001, p99 },
      response: { p50: 0.001, p99 },
      ...(bounds && { bounds: { p50: bounds, p90: bounds, p99: bounds, p999: bounds } }),
    },
  },
  ...changes,
})

describe('what a trial says of its rate', () => {
  it.each([
    ['p99 at the goal', seen(0.01), 'under'],
    ['p99 above it', seen(0.0101), 'over'],
    ['p99 of more than twice the goal', seen(0.021), 'far-over'],
    ['as many errors as are allowed', seen(0.005, { errors: 10 }), 'under'],
    ['more errors', seen(0.005, { errors: 11 }), 'over'],
    ['a hundredth of errors and more', seen(0.005, { errors: 101 }), 'far-over'],
    ['only errors, of which no latency is known', seen(0, { errors: 10_000 }), 'far-over'],
    ['one in a hundred not sent', seen(0.005, { requests: 9900 }), 'under'],
    ['more than that not sent', seen(0.005, { requests: 9899 }), 'over'],
    ['a tenth not sent', seen(0.005, { requests: 9000 }), 'far-over'],
    ['a p99 that lies among requests that were not sent', seen(0.005, {}, { lo: 0.005 }), 'over'],
    ['bounds of p99 that are both below', seen(0.009, {}, { lo: 0.005, hi: 0.0099 }), 'under'],
    ['bounds that are both above', seen(0.02, {}, { lo: 0.011, hi: 0.03 }), 'over'],
    ['bounds on both sides of the goal', seen(0.011, {}, { lo: 0.009, hi: 0.011 }), undefined],
  ])('%s', (_, reading, expected) => {
    expect(told(reading, goal, false)).toBe(expected)
  })

  it('is nothing where the load generator was the bottleneck, unless the arm alone missed the goal', () => {
    expect(told(seen(0.005), goal, true)).toBeUndefined()
    expect(told(seen(0.005, { requests: 9000 }), goal, true)).toBeUndefined()
    expect(told(seen(0.02), goal, true)).toBe('over')
  })
})

/** A trial of the search with a reading at its rate; `latency` multiplies its p99 of 2 ms. */
function stepResult(rate: number, { number = 1, latency = 1 } = {}): Result {
  const at = { ...load, rate: Math.round(rate), duration: 8 }
  return resultOf(trialAt(search, { number, rate, duration: 8 }), readingOf({ load: at, latency }))
}

describe('a trial of a search', () => {
  it('is valid under overload, which is what it was sent to find', () => {
    const reading = readingOf({ load: { ...load, rate: 1000, duration: 8 }, latency: 20 })
    const slow = { ...reading, planned: reading.requests / 0.8, dropped: reading.requests / 4 }
    const trial = trialAt(search, { number: 1, rate: 1250, duration: 8 })
    const judged = judgeTrial(resultOf(trial, slow), plan)
    expect(judged.problems.filter(({ severity }) => severity === 'invalid')).toEqual([])
    expect(findingOf(judged, goal)).toBe('far-over')
    // The same at a given rate is a trial that did not hold it.
    const fixed = planOf(
      scenarioOf({ arms: [none], loads: [loadOf({ name: 'capacity', rate: 1250, connections: 200, duration: 8 })] }),
    )
    const held = judgeTrial(resultOf(trialsOf(fixed)[0] as Trial, slow), fixed)
    expect(held.problems.map(({ rule }) => rule)).toContain('rate-not-held')
    expect(held.status).toBe('invalid')
  })

  it('is unusable where something else than the arm decided it', () => {
    const reading = readingOf({ load: { ...load, rate: 1000, duration: 8 } })
    const stepped = { ...reading, generator: { ...reading.generator, clockStep: 3 } }
    const judged = judgeTrial(resultOf(trialAt(search, { number: 1, rate: 1000, duration: 8 }), stepped), plan)
    expect(judged.status).toBe('invalid')
    expect(findingOf(judged, goal)).toBe('unusable')
  })
})

describe('the searches of a run', () => {
  it('are none where no load searches', () => {
    expect(openSearches(planOf(named(['none'], ['a'])))).toBeUndefined()
  })

  it('number their trials, and go on where stored trials end', () => {
    const open = openSearches(plan)
    const first = open?.next(search)
    expect(first?.id).toBe(`${search.id}_01`)
    expect(first?.step?.duration).toBe(2)
    const result = stepResult(first?.step?.rate ?? 0)
    open?.tell(result)
    const second = open?.next(search)
    expect(second?.id).toBe(`${search.id}_02`)
    expect(second?.step?.rate).toBeGreaterThan(first?.step?.rate ?? 0)
    const again = openSearches(plan, [judgeTrial(result, plan)])
    expect(again?.next(search)).toEqual(second)
    expect(again?.ended()).toEqual([])
  })

  it('never give a trial the number of another, even where files were moved away', () => {
    const open = openSearches(plan, [judgeTrial(stepResult(900, { number: 7 }), plan)])
    expect(open?.next(search)?.id).toBe(`${search.id}_08`)
  })

  it('begin near what the arm carried in the blocks before', () => {
    const trials = [stepResult(4000), stepResult(4150, { number: 2, latency: 20 })]
    const open = openSearches(
      plan,
      trials.map((trial) => judgeTrial(trial, plan)),
    )
    expect(open?.ended()).toEqual([search.id])
    const next = open?.next(trialsOf(plan)[1] as Trial)
    expect(next?.step?.rate).toBeGreaterThan(4000 / 1.05 ** 2.1)
    expect(next?.step?.rate).toBeLessThan(4150 * 1.05 ** 2.1)
  })
})
