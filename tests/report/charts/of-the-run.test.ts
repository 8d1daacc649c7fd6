import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorRatesOf } from '../../../bench/prove/for-report.ts'
import type { Trend } from '../../../src/analyse/over-runs/trends.ts'
import type { Estimate, Sweep } from '../../../src/model/analysis.ts'
import type { Chart } from '../../../src/report/chart.ts'
import { errorRateCharts } from '../../../src/report/charts/error-rates.ts'
import { historyCharts } from '../../../src/report/charts/history-line.ts'
import { sweepCharts } from '../../../src/report/charts/sweep.ts'
import type { View } from '../../../src/report/data/view.ts'
import rates from '../../../src/report/error-rates.json' with { type: 'json' }
import { analysisOf, scenario } from '../fixture.ts'
import { drawn, HOSTILE, reasonOf, saidOf, viewFrom } from './drawn.ts'

const analysis = analysisOf()
const arms = scenario.arms.map(({ name }) => name)
const around = (center: number): Estimate => ({ center, lo: center * 0.9, hi: center * 1.1, n: 4 })

function sweepOf(why = 'only 91 % of the rate was answered.'): Sweep {
  const asked = [500, 1000, 2000, 4000]
  return {
    loads: asked.map((rate) => `http-${rate}`),
    curves: arms.map((arm, place) => ({
      arm,
      points: asked.map((rate) => ({
        load: `http-${rate}`,
        rate,
        p50: around(1e-3 * (place + 1)),
        p99: around(2e-3 * (place + 1) * (rate > 1000 && place === 2 ? 9 : 1)),
      })),
      ...(place === 2 && { knee: { carried: 'http-1000', broke: 'http-2000', why } }),
    })),
  }
}

const only = (charts: readonly Chart[]): Chart => {
  expect(charts).toHaveLength(1)
  return charts[0] as Chart
}

describe('sweepCharts', () => {
  it('draws every point of its table, and names the knee', async () => {
    const chart = only(sweepCharts(viewFrom(analysis, {}, { sweeps: [sweepOf()] })))
    const svg = await drawn(chart)
    expect(chart.rows).toHaveLength(arms.length * 4)
    expect(saidOf(chart)).toHaveLength(arms.length * 4 + 1)
    expect(chart.sentence).toMatch(
      /^envoy-sidecar carried 1,000\/s and failed at 2,000\/s: only 91 % of the rate was answered\. .* carried every rate; at 4,000\/s the highest p99 is 10\sms, with envoy-node-waypoint\.$/,
    )
    expect(svg).toContain('>carried 1,000/s<')
    expect(svg.length).toBeLessThan(13_000)
  })

  it('shows p50 when it is asked for, and p99 in place of what curves do not have', () => {
    const [p50, p999] = (['p50', 'p999'] as const).map((quantile) =>
      only(sweepCharts(viewFrom(analysis, { quantile }, { sweeps: [sweepOf()] }))),
    )
    expect(p50?.title).toMatch(/^p50 /)
    expect(p999?.title).toMatch(/^p99 /)
  })

  it('gives a reason for one rate, nothing without a sweep, and keeps hostile words inert', async () => {
    const sweep = sweepOf()
    const short = { ...sweep, curves: sweep.curves.map((one) => ({ ...one, points: one.points.slice(0, 1) })) }
    expect(reasonOf(only(sweepCharts(viewFrom(analysis, {}, { sweeps: [short] }))))).toMatch(
      /^No chart: fewer than two/,
    )
    expect(sweepCharts(viewFrom(analysis, {}, { sweeps: [] }))).toEqual([])
    await drawn(only(sweepCharts(viewFrom(analysis, {}, { sweeps: [sweepOf(HOSTILE)] }))))
  })
})

function trendOf(arm: string, runs: number, changed?: Partial<Trend>): Trend {
  const date = (index: number) => new Date(Date.UTC(2026, 0, 1 + index, 20)).toISOString()
  const id = (index: number) => (index === runs - 1 ? analysis.record.run.id : `run-${index}`)
  const step = Math.floor(runs * 0.6)
  const points = Array.from({ length: runs }, (_, index) => {
    const value = 1.5 + 0.02 * (index % 3) + (arm === 'envoy-sidecar' && index >= step ? 0.5 : 0)
    return { run: id(index), startedAt: date(index), value }
  })
  const versions = [{ what: 'envoy', from: '1.39.0', to: '1.40.0' }]
  const change = { before: id(step - 1), after: id(step), at: date(step), ratio: 1.33, p: 0.001, versions }
  const changes = arm === 'envoy-sidecar' && runs > 5 ? [change] : []
  return {
    arm,
    load: 'http-500',
    metric: 'p99',
    unit: 'seconds',
    better: 'lower',
    of: 'ratio',
    points,
    changes,
    ...changed,
  }
}

describe('historyCharts', () => {
  const chartsIn = (view: View) => view.loads.flatMap((load) => historyCharts(view, load))
  const of = (history: readonly Trend[]) => chartsIn(viewFrom(analysis, {}, { history }))

  it('draws each run of its table, names changes with their versions, and marks the run of the page', async () => {
    const chart = only(of(arms.slice(1).map((arm) => trendOf(arm, 30))))
    const svg = await drawn(chart)
    expect(chart.rows).toHaveLength(30)
    expect(saidOf(chart)).toHaveLength(4 * 30 + 1)
    expect(chart.sentence).toMatch(
      /^Over 30 runs, the last change is of envoy-sidecar on 2026-01-19: \+33\s% with envoy 1\.39\.0 → 1\.40\.0\.$/,
    )
    expect(chart.rows.at(18)?.at(-1)).toMatch(/envoy-sidecar \+33/)
    expect(svg).toContain('>this run<')
    expect(svg).toContain('envoy 1.39.0 → 1.40.0')
    expect(svg.length).toBeLessThan(10_000)
  })

  it('has levels where no arm has a ratio, and says so where nothing changed', async () => {
    const chart = only(of([trendOf('none', 8, { of: 'level', metric: 'mesh-cpu', unit: 'cpu-seconds-per-million' })]))
    await drawn(chart)
    expect(chart.title).toBe('CPU of the mesh by run, http-500')
    expect(chart.sentence).toMatch(/^Over 8 runs, no arm has a change point/)
  })

  it('keeps to the latest runs, which are what a reader can tell apart', async () => {
    const chart = only(of(arms.map((arm) => trendOf(arm, 400))))
    expect(chart.rows).toHaveLength(60)
    expect((await drawn(chart)).length).toBeLessThan(15_000)
  })

  it('gives a reason for a single run, and nothing without a history', () => {
    expect(reasonOf(only(of([trendOf('envoy-node', 1)])))).toMatch(/^No chart: the history has fewer than two runs/)
    expect(chartsIn(viewFrom(analysis))).toEqual([])
  })

  it('keeps hostile versions inert', async () => {
    const trend = trendOf('envoy-sidecar', 30)
    const versions = [{ what: HOSTILE, from: HOSTILE, to: HOSTILE }]
    await drawn(only(of([{ ...trend, changes: trend.changes.map((change) => ({ ...change, versions })) }])))
  })
})

describe('errorRateCharts', () => {
  it('draws what the proof has found', async () => {
    const [power, alarms] = errorRateCharts() as [Chart, Chart]
    await drawn(power)
    const svg = await drawn(alarms)
    expect(saidOf(power)).toHaveLength(power.rows.length)
    expect(saidOf(alarms).length).toBeGreaterThanOrEqual(alarms.rows.length)
    expect(power.sentence).toMatch(/^An increase of 10\s% is found in .* of simulated runs where s_D is 3\s%/)
    expect(svg).toContain('limit: 1 %')
  })

  it('has the numbers of docs/prove.json', () => {
    const proof = JSON.parse(readFileSync(new URL('../../../docs/prove.json', import.meta.url), 'utf8'))
    expect(rates).toEqual(errorRatesOf(proof))
  })

  it('gives a reason where nothing was simulated', () => {
    const [power] = errorRateCharts({ cells: 36, goal: 0.01, falseAlarms: [], power: [] }) as [Chart]
    expect(reasonOf(power)).toMatch(/^No chart/)
  })
})
