import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { unpairedContrast } from '../../src/compare/contrast.ts'
import { effectOf, pValueOf, ratioOf } from '../../src/compare/effect.ts'
import { estimateOf } from '../../src/compare/estimate.ts'
import { byBlock, equalArms, logErrors, measure, pairUp } from '../../src/compare/pairs.ts'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import type { Trial } from '../../src/model/plan.ts'
import type { Usage } from '../../src/model/usage.ts'
import { random } from '../../src/stats/random.ts'
import { type Otherwise, readingOf } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, none, scenarioOf, sidecar } from '../build/scenario.ts'

const arms = { arms: [none, sidecar], cohorts: 1, blocks: 6 }

/** What one component uses, with the largest errors of its counters under load and without. */
function inaccurate(trial: Trial, { loaded, idle }: { readonly loaded: number; readonly idle: number }): Otherwise {
  const arm = trial.arm === sidecar.name ? sidecar : none
  const reading = readingOf({ arm, load: http })
  const scatter = 1 + 0.01 * ((trial.block % 3) - 1)
  const withError = (error: number) => (usage: Usage) => ({
    ...usage,
    cpuSeconds: usage.cpuSeconds * scatter,
    cpuError: usage.cpuSeconds * error,
  })
  return {
    reading: { ...(reading.idle && { idle: { ...reading.idle, usage: reading.idle.usage.map(withError(idle)) } }) },
    observation: { usage: reading.observation.usage.map(withError(loaded)) },
  }
}

function cell({ cells }: Analysis, arm: string, metric: string): Cell {
  const found = cells.find((one) => one.arm === arm && one.metric === metric)
  if (!found) throw new Error(`no cell of ${arm} by ${metric}`)
  return found
}

const exact = analyse(recordOf(scenarioOf(arms), (trial) => inaccurate(trial, { loaded: 0, idle: 0 })))
const rough = analyse(recordOf(scenarioOf(arms), (trial) => inaccurate(trial, { loaded: 0.1, idle: 0.2 })))

describe("errors of the kubelets' counters", () => {
  it('are those of both windows, for a million requests', () => {
    const { values } = cell(rough, sidecar.name, 'mesh-cpu')
    const { observation, idle, requests } = readingOf({ arm: sidecar, load: http })
    const [loaded = 0, before = 0] = [observation, idle].map(
      (window) => window?.usage.find(({ component }) => component === 'client-proxy')?.cpuSeconds,
    )
    const worst = 0.1 * loaded + 0.2 * (before / (idle?.seconds ?? 0)) * observation.seconds
    expect(values).toHaveLength(6)
    for (const { error } of values) expect(error).toBeCloseTo((worst / requests) * 1e6, 9)
    for (const { error } of cell(rough, sidecar.name, 'mesh-idle-cpu').values) {
      expect(error).toBeCloseTo((0.2 * before) / (idle?.seconds ?? 0), 12)
    }
    expect(cell(exact, sidecar.name, 'mesh-cpu').values.every((one) => !('error' in one))).toBe(true)
    expect(cell(rough, sidecar.name, 'p99').values.every((one) => !('error' in one))).toBe(true)
  })

  it('widen level and difference by their mean, and move neither', () => {
    const [before, after] = [exact, rough].map((analysis) => cell(analysis, sidecar.name, 'mesh-cpu'))
    const error = after?.values[0]?.error ?? Number.NaN
    for (const key of ['estimate', 'difference'] as const) {
      expect(after?.[key]?.center).toBeCloseTo(before?.[key]?.center ?? Number.NaN, 9)
      expect(after?.[key]?.lo).toBeCloseTo((before?.[key]?.lo ?? Number.NaN) - error, 9)
      expect(after?.[key]?.hi).toBeCloseTo((before?.[key]?.hi ?? Number.NaN) + error, 9)
    }
    expect(after?.basis?.error).toBeCloseTo(error, 9)
    expect(after?.notes.join(' ')).toContain('largest error of the counters of kubelets')
    expect(before?.basis).not.toHaveProperty('error')
  })

  it('widen a ratio by the errors of both arms, with opposite signs', () => {
    const [before, after] = [exact, rough].map((analysis) => cell(analysis, sidecar.name, 'application-cpu'))
    const own = after?.values ?? []
    const base = byBlock(cell(rough, none.name, 'application-cpu').values)
    const moved = (side: 'down' | 'up', other: 'down' | 'up') =>
      own.reduce((sum, { block, value, error = 0 }) => {
        const partner = base.get(block) ?? { value: 0 }
        return sum + logErrors(value, error)[side] + logErrors(partner.value, partner.error ?? 0)[other]
      }, 0) / own.length
    expect(after?.ratio?.center).toBeCloseTo(before?.ratio?.center ?? Number.NaN, 9)
    expect(Math.log(after?.ratio?.lo ?? 0)).toBeCloseTo(Math.log(before?.ratio?.lo ?? 0) - moved('down', 'up'), 9)
    expect(Math.log(after?.ratio?.hi ?? 0)).toBeCloseTo(Math.log(before?.ratio?.hi ?? 0) + moved('up', 'down'), 9)
  })

  it('as large as the difference leave it undecided, and a p-value that says so', () => {
    const wide = analyse(recordOf(scenarioOf(arms), (trial) => inaccurate(trial, { loaded: 1.2, idle: 1.2 })))
    const [sure, unsure] = [exact, wide].map((analysis) => cell(analysis, sidecar.name, 'mesh-cpu'))
    expect([sure?.standing, unsure?.standing]).toEqual(['higher', 'undecided'])
    expect(sure?.p).toBeLessThan(1e-3)
    expect(unsure?.p).toBe(1)
  })
})

const row = (values: readonly number[], error: number) =>
  values.map((value, index) => ({ cohort: 1, block: index + 1, value, error }))

describe('an interval with the largest error', () => {
  it.each([1, 2])('contains the truth where all values are wrong by all of it, with %i cohorts', (cohorts) => {
    const chance = random(7)
    const wrong = 0.06
    const sample = (mean: number) =>
      Array.from({ length: 8 }, (_, index) => ({
        ...{ cohort: 1 + (index % cohorts), block: index },
        value: mean * Math.exp(0.01 * chance.normal()),
      }))
    const runs = 300
    let [covered, uncovered] = [0, 0]
    for (let run = 0; run < runs; run++) {
      // The base reads 6 % too low, the arm 6 % too high: of equal arms one looks 13 % higher.
      const base = sample(1).map((one) => ({ ...one, value: one.value * (1 - wrong) }))
      const arm = sample(1).map((one) => ({ ...one, value: one.value * (1 + wrong) }))
      const known = <One extends { value: number }>(all: readonly One[]) =>
        all.map((one) => ({ ...one, error: (wrong / (1 - wrong)) * one.value }))
      const covers = (pair: ReturnType<typeof pairUp>) => {
        const { lo = 0, hi = 0 } = (pair && measure(pair, equalArms([], false)).ratio?.estimate) ?? {}
        return lo <= 1 && hi >= 1
      }
      if (covers(pairUp(byBlock(known(base)), known(arm)))) covered++
      if (covers(pairUp(byBlock(base), arm))) uncovered++
    }
    expect(covered / runs).toBeGreaterThanOrEqual(0.95)
    expect(uncovered / runs).toBeLessThan(0.5)
  })

  it('has no ends where an error is as large as its value', () => {
    const paired = pairUp(byBlock(row([1, 1.1, 0.9], 0)), row([2, 2.1, 1.9], 2))
    const found = paired && measure(paired, equalArms([], false)).ratio
    expect(found?.estimate.center).toBeCloseTo(2, 1)
    expect(found?.estimate).not.toHaveProperty('lo')
    expect(found?.p).toBeUndefined()
  })

  it('keeps that of equal clusters as well', () => {
    const alike = { pairs: [[[0.1, 0.1, 0.1]]], provisioned: true }
    const plain = estimateOf([[0.5, 0.6, 0.4]], alike)
    const wide = estimateOf([[0.5, 0.6, 0.4]], alike, { down: [[0.2, 0.2, 0.2]], up: [[0.3, 0.3, 0.3]] })
    expect(wide?.estimate.lo).toBeCloseTo((plain?.estimate.lo ?? 0) - 0.2, 12)
    expect(wide?.estimate.hi).toBeCloseTo((plain?.estimate.hi ?? 0) + 0.3, 12)
    expect(wide?.p).toBeGreaterThan(plain?.p ?? 1)
  })

  it("is the gate's too", () => {
    const ratios = [[0.2, 0.21, 0.19, 0.2]]
    const [plain, moved] = [effectOf(ratios), effectOf(ratios, undefined, 0.15)]
    if (!plain || !moved) throw new Error('no effect')
    expect(Math.log(ratioOf(moved, 1).lo ?? 0)).toBeCloseTo(Math.log(ratioOf(plain, 1).lo ?? 0) - 0.15, 12)
    expect(pValueOf(moved).worse).toBeGreaterThan(pValueOf(plain).worse)
    expect(effectOf(ratios, undefined, Number.POSITIVE_INFINITY)).toBeUndefined()
  })

  it('of two runs knows them too', () => {
    const of = (analysis: Analysis) => ({ analysis, arm: sidecar.name })
    const compared = [exact, rough].map((analysis) => {
      const own = cell(analysis, sidecar.name, 'application-cpu')
      return unpairedContrast(of(analysis), own, of(analysis), own)
    })
    const [plain, wide] = compared
    expect(wide?.ratio?.lo).toBeLessThan((plain?.ratio?.lo ?? 0) - 0.1)
    expect(plain?.p).toBeDefined()
    expect(wide?.p).toBeUndefined()
  })
})
