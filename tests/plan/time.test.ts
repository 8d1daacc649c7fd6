import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { type Costs, type Plan, trialsOf } from '../../src/model/plan.ts'
import type { Outcome } from '../../src/model/result.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { remaining } from '../../src/plan/shards.ts'
import { costsOf, emptyLedger, estimate, eta, fitToBudget, learnCosts, learnedCosts } from '../../src/plan/time.ts'
import { loadOf, named } from '../build/scenario.ts'

const costs: Costs = { cohort: 100, visit: 10, trial: 1 }
const plan = makePlan(named(['a', 'b', 'c'], ['one', 'two'], { cohorts: 2, blocks: 4 }))

describe('estimate', () => {
  it('adds up cohorts, visits, trials, warm-ups and windows', () => {
    expect(estimate(plan, costs)).toEqual({ seconds: 2 * 100 + 24 * 10 + 48 * (1 + 15), measuring: 48 * 10 })
  })

  it('adds the idle window of every visit', () => {
    const idle = { ...plan, scenario: { ...plan.scenario, idle: 5 } }
    expect(estimate(idle, costs).seconds).toBe(estimate(plan, costs).seconds + 24 * 5)
    expect(eta(idle, new Set(), costs)).toBe(estimate(idle, costs).seconds)
    // What is learned of a visit is what raising and lowering take, since the window comes on top.
    const slow = [...events(plan, { ...truth, visit: truth.visit + 5 })]
    const learned = learnedCosts(slow.reduce(learnCosts, emptyLedger), costs)
    const [run] = slow
    const told = slow.map((event) => (event === run ? ({ ...event, plan: idle } as Event) : event))
    expect(learned.visit).toBe(truth.visit + 5)
    expect(learnedCosts(told.reduce(learnCosts, emptyLedger), costs).visit).toBe(truth.visit)
    expect(estimate(idle, { cohort: 0, visit: 0, trial: 0, window: 1 }).seconds).toBe(48)
  })

  it('adds what counters of kubelets are waited for, where they are read', () => {
    const given = named(['a'], ['one'])
    const [agent, kubelet] = [
      costsOf('cluster', given),
      costsOf('cluster', { ...given, cluster: { usage: 'kubelet' } }),
    ]
    expect(kubelet.trial).toBeGreaterThan(agent.trial)
    expect(kubelet.visit).toBeGreaterThan(agent.visit)
    expect(costsOf('kind', { ...given, cluster: { usage: 'kubelet' } })).toEqual(costsOf('kind', given))
  })

  it('takes the pace of the simulated platform for its trials', () => {
    const given = named(['a'], ['one'], { blocks: 3 })
    const simulation = { ...given.simulation, pace: 0.5 }
    const simulated = costsOf('simulated', { ...given, simulation })
    expect(estimate(makePlan(given), simulated)).toEqual({ seconds: 1.5, measuring: 1.5 })
  })
})

describe('fitToBudget', () => {
  it('keeps the most whole blocks that fit, as many in each cohort', () => {
    fc.assert(
      fc.property(fc.integer({ min: 454, max: 1500 }), (budget) => {
        const fitted = fitToBudget(plan, costs, budget)
        const kept = fitted.scenario.blocks
        expect(fitted).toEqual(makePlan({ ...plan.scenario, blocks: kept }))
        expect(estimate(fitted, costs).seconds).toBeLessThanOrEqual(budget)
        if (kept < 4) {
          const more = makePlan({ ...plan.scenario, blocks: kept + 1 })
          expect(estimate(more, costs).seconds).toBeGreaterThan(budget)
        }
      }),
    )
  })

  it('leaves a plan that fits alone', () => {
    expect(fitToBudget(plan, costs, 1e6)).toBe(plan)
  })

  it('names the smallest possible budget when not even one block per cohort fits', () => {
    const least = 2 * 100 + 6 * 10 + 12 * 16
    expect(fitToBudget(plan, costs, least).scenario.blocks).toBe(1)
    expect(() => fitToBudget(plan, costs, least - 1)).toThrowError(
      expect.objectContaining({ code: 'usage', remedy: expect.stringContaining(`--time-budget ${least}s`) }),
    )
  })
})

/** The events of a run with these true costs; a cohort's cost is paid half before its first visit and half at its end. */
function* events(plan: Plan, truth: Costs, outcome: (order: number) => Outcome['status'] = () => 'measured') {
  let at = 1000
  const event = (rest: object): Event => ({ at, ...rest }) as Event
  yield event({ type: 'run', plan })
  for (const cohort of plan.cohorts) {
    yield event({ type: 'cohort', cohort })
    at += truth.cohort / 2
    for (const { visits } of cohort.blocks) {
      for (const visit of visits) {
        yield event({ type: 'visit', visit })
        at += truth.visit / 4
        yield event({ type: 'step', title: 'starting' })
        at += truth.visit / 4
        for (const trial of visit.trials) {
          const status = outcome(trial.order)
          yield event({ type: 'phase', trial, phase: 'warm-up', seconds: 5 })
          at += status === 'failed' ? 1 : 5
          if (status === 'measured') {
            yield event({ type: 'phase', trial, phase: 'measure', seconds: 10 })
            at += 10 + truth.trial / 2
            yield event({ type: 'phase', trial, phase: 'collect', seconds: 0 })
            at += truth.trial / 2
          }
          yield event({ type: 'result', result: { trial, outcome: { status } } })
        }
        at += truth.visit / 2
        yield event({ type: 'lowered', arm: visit.arm })
      }
    }
    at += truth.cohort / 2
  }
  yield event({ type: 'done' })
}

const learn = (from: Iterable<Event>) => learnedCosts([...from].reduce(learnCosts, emptyLedger), costs)
const truth: Costs = { cohort: 60, visit: 4, trial: 2 }

describe('learnCosts', () => {
  it('finds the true costs of a whole run', () => {
    expect(learn(events(plan, truth))).toEqual(truth)
  })

  it('keeps the defaults for what has not ended yet', () => {
    const begun = [...events(plan, truth)]
    expect(learnedCosts(emptyLedger, costs)).toEqual(costs)
    const toSecondTrial = begun.slice(0, 1 + begun.findIndex(({ type }) => type === 'result'))
    expect(learn(toSecondTrial)).toEqual({ cohort: 30, visit: costs.visit, trial: truth.trial })
  })

  it('learns nothing from trials that failed', () => {
    expect(learn(events(plan, truth, (order) => (order % 3 === 0 ? 'failed' : 'measured')))).toEqual(truth)
    const allFailed = learn(events(plan, truth, () => 'failed'))
    expect(allFailed).toEqual({ ...truth, trial: costs.trial })
  })

  it('learns overheads from loads of different lengths', () => {
    const loads = [loadOf({ name: 'one', warmup: 0, duration: 15 }), loadOf({ name: 'two', warmup: 1, duration: 14 })]
    const mixed = makePlan({ ...plan.scenario, loads })
    expect(learn(events(mixed, truth)).trial).toBeCloseTo(truth.trial)
  })
})

describe('eta', () => {
  it('is the whole estimate at first and nothing at the end', () => {
    expect(eta(plan, new Set(), costs)).toBe(estimate(plan, costs).seconds)
    expect(eta(plan, new Set(trialsOf(plan).map(({ id }) => id)), costs)).toBe(0)
  })

  it('does not pay again for the cohort and the visit that it is in', () => {
    const first = trialsOf(plan)[0]
    expect(eta(plan, new Set([first?.id ?? '']), costs)).toBe(estimate(plan, costs).seconds - 100 - 10 - 16)
  })

  it('pays again for both after a run was resumed', () => {
    const left = remaining(plan, new Set([trialsOf(plan)[0]?.id ?? '']))
    expect(eta(left, new Set(), costs)).toBe(estimate(plan, costs).seconds - 16)
  })
})
