import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Plan, trialsOf } from '../../src/model/plan.ts'
import { makePlan, planText } from '../../src/plan/make-plan.ts'
import { remaining } from '../../src/plan/shards.ts'
import { named } from '../build/scenario.ts'

const names = (letter: string, n: number) => Array.from({ length: n }, (_, index) => `${letter}${index}`)

const scenarios = fc
  .record({
    arms: fc.integer({ min: 1, max: 6 }),
    loads: fc.integer({ min: 1, max: 3 }),
    blocks: fc.integer({ min: 1, max: 14 }),
    cohorts: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer(),
  })
  .map(({ arms, loads, ...rest }) => named(names('arm', arms), names('load', loads), rest))

const ordersOf = (plan: Plan) =>
  plan.cohorts.map(({ blocks }) => blocks.map(({ visits }) => visits.map(({ arm }) => arm)))

describe('makePlan', () => {
  it('visits every arm once in every block, with every load once in every visit', () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        const plan = makePlan(given)
        expect(plan.cohorts).toHaveLength(given.cohorts)
        for (const { blocks } of plan.cohorts) {
          expect(blocks).toHaveLength(given.blocks)
          for (const { visits } of blocks) {
            expect(visits.map(({ arm }) => arm).toSorted()).toEqual(given.arms.map(({ name }) => name))
            for (const { trials } of visits) {
              expect(trials.map(({ load }) => load).toSorted()).toEqual(given.loads.map(({ name }) => name))
            }
          }
        }
      }),
    )
  })

  it('puts every arm once at every place in each n consecutive blocks of a cohort', () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        const n = given.arms.length
        for (const orders of ordersOf(makePlan(given))) {
          for (let from = 0; from + n <= orders.length; from += n) {
            for (let place = 0; place < n; place++) {
              expect(new Set(orders.slice(from, from + n).map((order) => order[place])).size).toBe(n)
            }
          }
        }
      }),
    )
  })

  it.each([2, 3, 4, 5])('has each of %i arms follow each other arm equally often over whole squares', (n) => {
    const blocks = 2 * (n % 2 === 0 ? n : 2 * n)
    const followers = new Map<string, number>()
    for (const order of ordersOf(makePlan(named(names('arm', n), ['load'], { blocks }))).flat()) {
      for (let place = 1; place < n; place++) {
        const pair = `${order[place - 1]} ${order[place]}`
        followers.set(pair, (followers.get(pair) ?? 0) + 1)
      }
    }
    expect(followers.size).toBe(n * (n - 1))
    expect(new Set(followers.values()).size).toBe(1)
  })

  it('numbers trials in the order of the schedule, with ids that sort by cohort and block', () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        const trials = trialsOf(makePlan(given))
        expect(trials.map(({ order }) => order)).toEqual(trials.map((_, index) => index + 1))
        expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length)
        const blocks = trials.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ block }) => block)
        expect(blocks).toEqual(blocks.toSorted((a, b) => a - b))
        expect(new Set(blocks).size).toBe(given.cohorts * given.blocks)
      }),
    )
  })

  it('names trials as documented', () => {
    const ids = trialsOf(makePlan(named(['none'], ['http-1k'], { cohorts: 2, blocks: 2 }))).map(({ id }) => id)
    expect(ids).toEqual(['c1-b01-none-http-1k', 'c1-b02-none-http-1k', 'c2-b03-none-http-1k', 'c2-b04-none-http-1k'])
    const long = named(['none'], ['http'], { cohorts: 12, blocks: 10 })
    expect(trialsOf(makePlan(long))[0]?.id).toBe('c01-b001-none-http')
  })

  it('is the same for the same scenario, and another for another seed or cohort', () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        expect(makePlan(structuredClone(given))).toEqual(makePlan(given))
      }),
    )
    const given = named(names('arm', 4), ['load'], { blocks: 8, cohorts: 2 })
    const [first, second] = ordersOf(makePlan(given))
    expect(first).not.toEqual(second)
    expect(ordersOf(makePlan({ ...given, seed: 2 }))[0]).not.toEqual(first)
  })

  it('keeps the order of earlier blocks when blocks are added', () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        const longer = ordersOf(makePlan({ ...given, blocks: given.blocks + 3 }))
        ordersOf(makePlan(given)).forEach((orders, cohort) => {
          expect(longer[cohort]?.slice(0, given.blocks)).toEqual(orders)
        })
      }),
    )
  })

  it('shuffles loads differently from visit to visit', () => {
    const plan = makePlan(named(['a', 'b'], names('load', 3), { blocks: 10 }))
    const orders = plan.cohorts.flatMap(({ blocks }) => blocks.flatMap(({ visits }) => visits))
    expect(new Set(orders.map(({ trials }) => trials.map(({ load }) => load).join())).size).toBeGreaterThan(2)
  })

  it('refuses arms and loads that read the same when joined', () => {
    expect(() => makePlan(named(['a', 'a-b'], ['b-c', 'c']))).toThrow('two trials would have the same name')
  })
})

describe('remaining', () => {
  it('is the schedule without what is finished, wherever the run was broken off', () => {
    fc.assert(
      fc.property(scenarios, fc.nat(), (given, broken) => {
        const plan = makePlan(given)
        const trials = trialsOf(plan)
        const done = broken % (trials.length + 1)
        const left = remaining(plan, new Set(trials.slice(0, done).map(({ id }) => id)))
        expect(trialsOf(left)).toEqual(trials.slice(done))
        expect(left.scenario).toBe(plan.scenario)
        for (const { blocks } of left.cohorts) {
          expect(blocks.length).toBeGreaterThan(0)
          for (const { visits } of blocks) {
            expect(visits.length).toBeGreaterThan(0)
            for (const { trials } of visits) expect(trials.length).toBeGreaterThan(0)
          }
        }
      }),
    )
  })

  it('keeps numbers of blocks and cohorts', () => {
    const plan = makePlan(named(['a', 'b'], ['load'], { cohorts: 2, blocks: 2 }))
    const left = remaining(
      plan,
      new Set(
        trialsOf(plan)
          .slice(0, 6)
          .map(({ id }) => id),
      ),
    )
    expect(left.cohorts.map(({ cohort, blocks }) => [cohort, blocks.map(({ block }) => block)])).toEqual([[2, [4]]])
  })
})

describe('planText', () => {
  it('does not depend on the order of keys, nor on the way through a file', () => {
    const given = named(['a', 'b'], ['load'])
    const turned = Object.fromEntries(Object.entries(given).toReversed()) as typeof given
    expect(planText(makePlan(turned))).toBe(planText(makePlan(given)))
    expect(planText(JSON.parse(JSON.stringify(makePlan(given))))).toBe(planText(makePlan(given)))
  })

  it('depends on every part of the plan', () => {
    const given = named(['a', 'b'], ['load'])
    const texts = [given, { ...given, seed: 2 }, { ...given, blocks: 5 }, { ...given, profile: 'defaults' as const }]
    expect(new Set(texts.map((one) => planText(makePlan(one)))).size).toBe(4)
  })
})
