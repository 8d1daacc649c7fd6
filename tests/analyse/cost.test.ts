import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { dollarsPerMonth, PRICES } from '../../src/analyse/cost.ts'
import { statements } from '../../src/analyse/statements.ts'
import { formatDollars, parseDollars } from '../../src/model/units.ts'
import { defaultLimits, gateSchema } from '../../src/scenario/gate-schema.ts'
import { benjaminiHochberg } from '../../src/stats/benjamini-hochberg.ts'
import { noneAgain, recordOf, scenarioOf, sidecar } from './reading.ts'

const analysis = analyse(recordOf(scenarioOf(), ({ block }) => ({ latency: 1 + 0.01 * (block % 3) })))

describe('the bill of a month', () => {
  test('is cores at 1,000 requests/s and memory, at their prices for 730 hours', () => {
    // A million CPU-seconds per million requests are 1,000 cores at 1,000 requests/s.
    expect(dollarsPerMonth({ cpuPerMillion: 1e6, memoryBytes: 0 })).toBeCloseTo(1000 * 730 * 0.031611, 6)
    expect(dollarsPerMonth({ cpuPerMillion: 0, memoryBytes: 2 * 2 ** 30 })).toBeCloseTo(2 * 730 * 0.004237, 9)
    expect(PRICES).toEqual({ vcpuHour: 0.031611, gibHour: 0.004237 })
  })

  test('is that of everything but the load generator', () => {
    const cost = analysis.cells.find(({ arm, metric }) => arm === sidecar.name && metric === 'cost')
    // 50 + 100 CPU-seconds per million are 0.15 cores; 20 + 60 MB are 0.0745 GiB. The generator's 75 and 40 MB are not in it.
    expect(cost?.estimate?.center).toBeCloseTo(730 * (0.15 * 0.031611 + (8e7 / 2 ** 30) * 0.004237), 9)
    expect(cost?.estimate?.center).toBeCloseTo(3.6919, 4)
    expect(cost?.standing).toBe('higher')
  })

  test('is not told where usage was not observed', () => {
    const blind = analyse(recordOf(scenarioOf(), () => ({ observation: { usage: [] } })))
    expect(blind.cells.filter(({ metric }) => metric === 'cost').every(({ standing }) => standing === 'no-data')).toBe(
      true,
    )
  })
})

test('it is in no family of tests, since CPU and memory have said it', () => {
  const cost = analysis.cells.filter(({ metric, p }) => metric === 'cost' && p !== undefined)
  expect(cost.map(({ arm }) => arm)).toEqual([noneAgain.name, sidecar.name])
  expect(cost.every((cell) => !('q' in cell))).toBe(true)
  const family = analysis.cells.filter(
    ({ arm, metric, p }) => p !== undefined && metric !== 'cost' && arm !== noneAgain.name,
  )
  expect(family.map(({ q }) => q)).toEqual(benjaminiHochberg(family.map(({ p = 1 }) => p)))
  expect(defaultLimits().metrics).not.toContain('cost')
})

describe('dollars', () => {
  test.each([
    [0, '$0.00'],
    [4.1, '$4.10'],
    [-0.384, '−$0.38'],
    [42.5, '$42.50'],
    [99.994, '$99.99'],
    [99.996, '$100'],
    [1234.5, '$1,235'],
    [Number.NaN, '–'],
  ])('%d is %s', (value, text) => {
    expect(formatDollars(value)).toBe(text)
  })

  test('are read with their sign only', () => {
    expect(['$20', '$4.10', '20', '20$', '$', '$-3', '$1e3'].map(parseDollars)).toEqual([
      20,
      4.1,
      ...Array(5).fill(undefined),
    ])
  })

  test('are what a budget of the gate may be in', () => {
    const { budgets } = gateSchema.parse({ budgets: { '*/*/cost': '$20' } })
    expect(budgets).toEqual({ '*/*/cost': { unit: 'dollars-per-month', value: 20, text: '$20' } })
  })

  test('stand in sentences', () => {
    const [baseline, again, mesh] = statements(analysis, 'cost')
    expect(baseline).toBe('Monthly cost for 1,000 requests/s of none is $1.21 at 2,000/s (8 trials).')
    expect(again).toMatch(/^none-again cannot be told from no mesh in monthly cost for 1,000 requests\/s at 2,000\/s/)
    expect(mesh).toMatch(/^envoy-sidecar costs \$2\.48 a month more for 1,000 requests\/s at 2,000\/s \(\+205 %/)
  })
})
