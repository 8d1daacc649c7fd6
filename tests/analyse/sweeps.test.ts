import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { kneeOf, type Step } from '../../src/analyse/sweeps.ts'
import type { SweepCurve } from '../../src/model/analysis.ts'
import type { Trial } from '../../src/model/plan.ts'
import type { Load, Scenario } from '../../src/model/scenario.ts'
import type { Otherwise } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, scenarioOf, sidecar } from '../build/scenario.ts'

const load = (rate: Load['rate'], changes: Partial<Load> = {}): Load => ({
  ...http,
  name: `http-${rate}`,
  rate,
  connections: 64,
  ...changes,
})
const loads = [load(4000), load(1000), load(2000)]
const fast = { name: 'http-4000', rate: 4000 }

function sweep(of: (trial: Trial) => Otherwise | 'failed' | 'missing', changes: Partial<Scenario> = {}) {
  return analyse(recordOf(scenarioOf({ loads, cohorts: 1, blocks: 4, ...changes }), of)).sweeps
}

/** The curve of the sidecar; what is otherwise strikes it under the fastest load only. */
function curve(of: (trial: Trial) => Otherwise | 'failed' | 'missing'): SweepCurve | undefined {
  const [only] = sweep((trial) => (trial.arm === sidecar.name && trial.load === fast.name ? of(trial) : {}))
  return only?.curves.find(({ arm }) => arm === sidecar.name)
}

/** Sent so many of 4,000/s for 60 s; the rest never was. */
const short = (share: number): Otherwise => ({
  reading: { requests: 240_000 * share, dropped: 240_000 * (1 - share) },
})

describe('a family of loads', () => {
  test('differs in nothing but name and rate, slowest first', () => {
    expect(sweep(() => ({})).map(({ loads }) => loads)).toEqual([['http-1000', 'http-2000', 'http-4000']])
  })

  test('has at least three rates, all of an open loop', () => {
    expect(sweep(() => ({}), { loads: loads.slice(1) })).toEqual([])
    expect(sweep(() => ({}), { loads: [...loads.slice(1), load('max')] })).toEqual([])
    expect(sweep(() => ({}), { loads: [...loads.slice(1), load(2000, { name: 'again' })] })).toEqual([])
    expect(sweep(() => ({}), { loads: [...loads.slice(1), load(4000, { payload: 64 })] })).toEqual([])
  })

  test('may be one of several', () => {
    const large = [500, 600, 700].map((rate) => load(rate, { name: `large-${rate}`, payload: 8192 }))
    expect(sweep(() => ({}), { loads: [...loads, ...large] }).map(({ loads }) => loads[0])).toEqual([
      'http-1000',
      'large-500',
    ])
  })

  test('has a curve of every arm, with its estimates at every rate', () => {
    const [only] = sweep(() => ({}))
    expect(only?.curves.map(({ arm }) => arm)).toEqual(['none', 'none-again', sidecar.name])
    const [first] = only?.curves ?? []
    expect(first?.points.map(({ rate }) => rate)).toEqual([1000, 2000, 4000])
    expect(first?.points[2]).toMatchObject({
      load: fast.name,
      rate: 4000,
      throughput: { n: 4 },
      p50: { n: 4 },
      p99: { n: 4 },
    })
    expect(first?.points[2]?.throughput?.center).toBeCloseTo(4000, -1)
    expect(first?.points[2]).not.toHaveProperty('trials')
  })
})

describe('a knee', () => {
  test('is absent where every rate was carried', () => {
    expect(curve(() => ({}))).not.toHaveProperty('knee')
  })

  test('is where no trial held the rate', () => {
    const found = curve(() => short(0.75))
    expect(found?.points[2]).toEqual({ load: fast.name, rate: 4000 })
    expect(found?.knee).toEqual({
      carried: 'http-2000',
      broke: fast.name,
      why: '4 of 4 trials fell short of 4,000/s, at 3,000/s on average.',
    })
  })

  test('is where most trials did not: the others were lucky', () => {
    expect(curve(({ block }) => (block === 1 ? {} : short(0.75)))?.knee?.why).toMatch(/^3 of 4 trials fell short/)
    expect(curve(({ block }) => (block > 1 ? {} : short(0.75)))).not.toHaveProperty('knee')
  })

  test('says where the load generator may have been the limit', () => {
    const generator = { late: { p50: 1e-3, p99: 0.2, max: 0.4 } }
    expect(curve(() => ({ ...short(0.75), generator }))?.knee?.why).toBe(
      '4 of 4 trials fell short of 4,000/s, at 3,000/s on average; the load generator was saturated too, so it may be the limit.',
    )
    expect(curve(() => ({ generator }))).not.toHaveProperty('knee')
  })

  test('is where answers were errors', () => {
    const errors = (share: number) => ({ reading: { errors: 240_000 * share, codes: { 503: 240_000 * share } } })
    expect(curve(() => errors(0.1))?.knee?.why).toBe('4 of 4 trials fell short of 4,000/s, at 3,600/s on average.')
    expect(curve(() => errors(0.01))).not.toHaveProperty('knee')
  })

  test('is where p99 is that of a queue', () => {
    expect(curve(() => ({ latency: 4.9 }))).not.toHaveProperty('knee')
    const { carried, broke, why } = curve(() => ({ latency: 6 }))?.knee ?? {}
    expect({ carried, broke }).toEqual({ carried: 'http-2000', broke: fast.name })
    expect(why).toMatch(/^p99 is 1\d\.\d ms at 4,000\/s, [56](\.\d+)? times the 2\.\d+ ms at 1,000\/s\.$/)
  })

  test('is not claimed where trials are missing or failed: nothing is known there', () => {
    expect(curve(() => 'missing')).not.toHaveProperty('knee')
    expect(curve(() => 'failed')).not.toHaveProperty('knee')
  })

  const at = (rate: number, throughput?: number, p99?: number): Step => ({
    load: `at-${rate}`,
    rate,
    ...(throughput !== undefined && { throughput: { center: throughput, n: 4 } }),
    ...(p99 !== undefined && { p99: { center: p99, n: 4 } }),
    trials: [],
  })

  test('is where fewer than 98 % were answered', () => {
    expect(kneeOf([at(1000, 1000), at(2000, 1961), at(4000, 3919)])).toEqual({
      carried: 'at-2000',
      broke: 'at-4000',
      why: 'It answered 3,919/s at a target rate of 4,000/s.',
    })
  })

  test('at the lowest rate has nothing that was carried', () => {
    expect(kneeOf([at(1000, 900), at(2000, 1000)])).toEqual({
      broke: 'at-1000',
      why: 'It answered 900/s at a target rate of 1,000/s.',
    })
  })

  test('passes over a rate of which nothing is known', () => {
    expect(kneeOf([at(1000, 1000), at(2000), at(4000, 3000)])).toMatchObject({ carried: 'at-1000', broke: 'at-4000' })
  })

  test('measures p99 by the lowest rate that has one', () => {
    expect(kneeOf([at(10, 10), at(1000, 1000, 2e-3), at(2000, 2000, 11e-3)])?.why).toBe(
      'p99 is 11 ms at 2,000/s, 5.5 times the 2 ms at 1,000/s.',
    )
  })
})
