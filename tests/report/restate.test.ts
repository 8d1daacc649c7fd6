import { describe, expect, it } from 'vitest'
import type { Analysis, Cell, Ranking } from '../../src/model/analysis.ts'
import type { Arm } from '../../src/model/scenario.ts'
import { type PageData, pageData } from '../../src/report/data/page-data.ts'
import { PUBLISHED } from '../../src/report/data/page-state.ts'
import { restate } from '../../src/report/data/restate.ts'
import type { View } from '../../src/report/data/view.ts'
import { analysisOf, scenario } from './fixture.ts'

/** Without an A/A pair nothing of the run hangs on which arm is the first. */
const UNPAIRED = scenario.arms.filter(({ name }) => name !== 'none-again')

function firstOf(arms: readonly Arm[], name: string): Arm[] {
  return arms.toSorted((a, b) => Number(b.name === name) - Number(a.name === name))
}

/** The same results under a plan whose arms stand in another order. */
function reordered(analysis: Analysis, arms: readonly Arm[]): Analysis {
  const results = new Map(
    analysis.trials.map(({ result }) => [key(result.trial), analysis.record.details(result.trial.id).outcome] as const),
  )
  return analysisOf({
    scenario: { arms },
    results: (result) => {
      const outcome = results.get(key(result.trial))
      return outcome && { ...result, outcome }
    },
  })
}

function key({ arm, load, block }: { arm: string; load: string; block: number }): string {
  return JSON.stringify([arm, load, block])
}

/** Page data hold five digits of a level, and an interval over two cohorts is wide: a tenth of a percent of the level. */
function close(found: number | undefined, expected: number | undefined, level = expected): void {
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(Math.abs((found ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-3 * Math.abs(level ?? 1))
}

function expectCells(view: View, cells: readonly Cell[]): void {
  const shown = new Set(view.data.metrics.map(({ name }) => name))
  const expected = cells.filter(({ metric }) => shown.has(metric))
  expect(view.data.cells).toHaveLength(expected.length)
  for (const cell of expected) {
    const found = view.cell(cell.arm, cell.load, cell.metric)
    expect([cell.arm, cell.load, cell.metric, found?.standing]).toEqual([
      cell.arm,
      cell.load,
      cell.metric,
      cell.standing,
    ])
    expect(found?.basis?.unit).toBe(cell.basis?.unit)
    for (const part of ['estimate', 'ratio', 'difference'] as const) {
      expect(found?.[part]?.n).toBe(cell[part]?.n)
      for (const end of ['center', 'lo', 'hi'] as const) {
        const expected = cell[part]?.[end]
        // A difference is made of the ratio, so its end is as exact as the level that lies there.
        // The rounding of a sum of levels is as large as they are.
        const scale = (cell.estimate?.center ?? 0) + Math.abs(cell.difference?.center ?? 0) + Math.abs(expected ?? 0)
        const level =
          part === 'difference' ? scale : part === 'estimate' ? Math.max(scale, Math.abs(expected ?? 0)) : expected
        close(found?.[part]?.[end], expected, level)
      }
    }
  }
}

/** All but those that hang by a digit that page data have not. */
function expectRankings(view: View, rankings: readonly Ranking[]): void {
  expect(view.data.rankings).toHaveLength(rankings.length)
  for (const { load, metric, groups } of rankings) {
    const hangs = groups.some(({ behind }) => Math.abs(Math.log(behind?.ratio?.lo ?? 2)) < 1e-3)
    // The page of architectures shows no ranks; here it is asked for what it would show.
    const found = view.data.rankings
      .find((one) => one.load === load && one.metric === metric)
      ?.groups.map(({ arms }) => arms)
    if (!hangs)
      expect({ load, metric, groups: found }).toEqual({ load, metric, groups: groups.map(({ arms }) => arms) })
  }
}

function dataOf(analysis: Analysis): PageData {
  return JSON.parse(JSON.stringify(pageData(analysis))) as PageData
}

describe('restate', () => {
  const analysis = analysisOf()
  const data = dataOf(analysis)

  it('leaves what is published as it is', () => {
    const view = restate(data, PUBLISHED)
    expect(view.data).toBe(data)
  })

  it('makes the published figures again of the values', () => {
    const invalid = data.trials.find(({ status }) => status === 'invalid')?.id ?? ''
    const view = restate(data, { ...PUBLISHED, excluded: [invalid] })
    expect(view.data).not.toBe(data)
    expectCells(view, analysis.cells)
    expectRankings(view, data.rankings)
    expect(view.data.arms).toEqual(data.arms)
  })

  it.each(['envoy-sidecar', 'envoy-node'])(
    'with %s as the baseline says what a scenario with it first does',
    (name) => {
      const without = analysisOf({ scenario: { arms: UNPAIRED } })
      const first = reordered(without, firstOf(UNPAIRED, name))
      const view = restate(dataOf(without), { ...PUBLISHED, baseline: name })
      expectCells(view, first.cells)
      expect(view.baseline.name).toBe(name)
      expectRankings(view, first.rankings)
    },
  )

  it('with the repeat as the baseline has the same A/A pair the other way round', () => {
    const first = reordered(analysis, firstOf(scenario.arms, 'none-again'))
    const view = restate(data, { ...PUBLISHED, baseline: 'none-again' })
    expectCells(view, first.cells)
    expect(view.arms.find(({ name }) => name === 'none')?.role).toBe('repeat')
  })

  it('keeps the noise floor of the run under a baseline that has no repeat', () => {
    const view = restate(data, { ...PUBLISHED, baseline: 'envoy-node' })
    for (const { load, metric } of data.noise) {
      close(view.noise(load, metric), restate(data, PUBLISHED).noise(load, metric))
    }
    expect(view.cell('none', 'http-500', 'p50')?.standing).toMatch(/lower|no-difference|within-noise|undecided/)
  })

  it('without a trial says what an analysis without it does', () => {
    const trial = data.trials.find(
      ({ arm, load, status }) => arm === 'envoy-node' && load === 'http-500' && status === 'valid',
    )
    const without = analysisOf({ results: (result) => (result.trial.id === trial?.id ? undefined : result) })
    const view = restate(data, { ...PUBLISHED, excluded: [trial?.id ?? ''] })
    expectCells(view, without.cells)
    expect(view.cell('envoy-node', 'http-500', 'p99')?.values).toHaveLength(5)
  })

  it('can do without every trial of an arm', () => {
    const excluded = data.trials.filter(({ arm }) => arm === 'none').map(({ id }) => id)
    const view = restate(data, { ...PUBLISHED, excluded })
    expect(view.cell('none', 'http-500', 'p99')?.standing).toBe('no-data')
    expect(view.cell('envoy-node', 'http-500', 'p99')?.ratio).toBeUndefined()
  })
})
