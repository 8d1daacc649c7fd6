import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { historyEntries, seriesOf } from '../../src/analyse/over-runs/trends.ts'
import { driftWarnings } from '../../src/gate/changes.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { random } from '../../src/stats/random.ts'
import { recordOf } from '../build/run.ts'
import { none, scenarioOf, sidecar } from '../build/scenario.ts'

function night(index: number, ratio: number, machine = 'one'): HistoryEntry {
  return {
    schema: 1,
    run: `run-${index}`,
    startedAt: new Date(1.7e12 + index * 864e5).toISOString(),
    scenario: 'night',
    platform: 'local',
    profile: 'equalised',
    machine,
    arm: 'sidecar',
    mesh: 'envoy-sidecar',
    baseline: 'none',
    load: 'web',
    asked: '200/s',
    versions: {},
    validTrials: 20,
    plannedTrials: 20,
    metrics: {
      'typical-p99': {
        unit: 'seconds',
        better: 'lower',
        level: { center: 1e-3, n: 10 },
        ratio: { center: ratio, n: 10 },
      },
    },
  }
}

const stream = random(5, 'drift')
const nights = (slope: number, count: number, machine?: (index: number) => string) =>
  Array.from({ length: count }, (_, index) =>
    night(index, 1.6 * Math.exp(slope * index + 0.02 * stream.normal()), machine?.(index)),
  )

describe('slow drift', () => {
  it('is seen where no single night would show it', () => {
    const [warning, ...others] = driftWarnings(nights(0.004, 30), defaultLimits())
    expect(others).toEqual([])
    expect(warning).toMatchObject({ rule: 'slow-drift', severity: 'warning', arm: 'sidecar', metric: 'typical-p99' })
    expect(warning?.message).toMatch(/changed slowly by \+1\d % against none over 30 runs/)
  })

  it('is that of p99 where windows are too short for the p99 of a typical second', () => {
    const short = nights(0.004, 30).map(({ metrics, ...about }) => ({
      ...about,
      metrics: { p99: metrics['typical-p99'] as (typeof metrics)[string] },
    }))
    expect(driftWarnings(short, defaultLimits())).toMatchObject([{ rule: 'slow-drift', metric: 'p99' }])
  })

  it('is not seen in steady or faster nights, in few, or across machines', () => {
    const limits = defaultLimits()
    expect(driftWarnings(nights(0, 30), limits)).toEqual([])
    expect(driftWarnings(nights(-0.004, 30), limits)).toEqual([])
    expect(driftWarnings(nights(0.02, 9), limits)).toEqual([])
    expect(
      driftWarnings(
        nights(0.02, 16, (index) => (index % 2 ? 'one' : 'other')),
        limits,
      ),
    ).toEqual([])
  })
})

it('is seldom seen in runs that resemble the run before, and have no drift', () => {
  const draw = random(7, 'resembling')
  const warned = Array.from({ length: 40 }, () => {
    let log = 0
    const series = Array.from({ length: 30 }, (_, index) => {
      log = 0.6 * log + 0.03 * draw.normal()
      return night(index, 1.6 * Math.exp(log))
    })
    return driftWarnings(series, defaultLimits()).length
  })
  // A plain slope is "certain" in a third of such series.
  expect(warned.filter((count) => count > 0).length).toBeLessThanOrEqual(6)
})

describe('what is no creeping', () => {
  const limits = defaultLimits()
  const steady = (count: number, level: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => night(index, level(index) * Math.exp(0.02 * stream.normal())))

  it('is one step', () => {
    for (const at of [5, 10, 15, 20, 25]) {
      expect(
        driftWarnings(
          steady(30, (index) => (index >= at ? 1.92 : 1.6)),
          limits,
        ),
      ).toEqual([])
    }
  })

  it('is what was accepted since, but not what came after', () => {
    const series = steady(30, (index) => 1.6 * Math.exp(0.008 * index))
    expect(driftWarnings(series, limits)).toHaveLength(1)
    expect(driftWarnings(series, limits, series[25]?.startedAt)).toEqual([])
    expect(driftWarnings(series, limits, series[8]?.startedAt)[0]?.message).toContain('over 22 runs')
  })

  it('is of another series: an arm that is no longer measured, a later run, this run itself', () => {
    const analysis = analyse(recordOf(scenarioOf({ arms: [none, sidecar] }), () => ({ latency: 1 })))
    const entries = historyEntries(analysis)
    const at = (index: number) => new Date(1.7e12 + index * 864e5).toISOString()
    const older = (change: object, index: number) =>
      entries.map((entry) => ({ ...entry, run: `r${index}`, startedAt: at(index), ...change }))
    const { past } = seriesOf(analysis, [
      ...older({}, 2),
      ...older({}, 1),
      ...older({ arm: 'retired' }, 3),
      ...older({ machine: 'another' }, 4),
      ...older({ startedAt: '2999-01-01T00:00:00.000Z' }, 5),
      ...entries,
    ])
    expect(past.map(({ run, arm }) => `${run} ${arm}`)).toEqual(
      [1, 2].flatMap((run) => [`r${run} none`, `r${run} ${sidecar.name}`]),
    )
    expect(seriesOf(analysis, [])).toEqual({ now: [], past: [] })
  })
})
