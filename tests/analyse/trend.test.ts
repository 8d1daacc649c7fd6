import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { historyEntries, trendsOf } from '../../src/analyse/over-runs/trends.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import { random } from '../../src/stats/random.ts'
import { recordOf } from '../build/run.ts'
import { scenarioOf } from '../build/scenario.ts'

const [base, again, sidecar] = historyEntries(
  analyse(recordOf(scenarioOf(), ({ arm }) => (arm === 'envoy-sidecar' ? { latency: 1.5 } : {}))),
) as [HistoryEntry, HistoryEntry, HistoryEntry]

/** Nights of one arm whose ratio is given, with 1 % noise. */
function nights(ratios: readonly number[], versions: (night: number) => Record<string, string>): HistoryEntry[] {
  const draw = random(3)
  return ratios.map((ratio, night) => {
    const day = String(night + 1).padStart(2, '0')
    const center = ratio * Math.exp(0.01 * draw.normal())
    const p50 = sidecar.metrics['p50'] as HistoryEntry['metrics'][string]
    return {
      ...sidecar,
      run: `run-${day}`,
      startedAt: `2026-01-${day}T01:00:00.000Z`,
      versions: versions(night),
      metrics: { p50: { ...p50, ratio: { center, n: 10 } } },
    }
  })
}

describe('historyEntries', () => {
  it('keeps every arm and load with levels, and ratios to the baseline', () => {
    expect([base.arm, again.arm, sidecar.arm]).toEqual(['none', 'none-again', 'envoy-sidecar'])
    expect(base.metrics['p50']?.ratio).toBeUndefined()
    expect(sidecar.metrics['p50']?.ratio?.center).toBeCloseTo(1.5, 1)
    expect(sidecar).toMatchObject({ baseline: 'none', validTrials: 8, plannedTrials: 8 })
  })

  it('records a feature, and placement, replicas and entrance that are not the default ones', () => {
    const arms = scenarioOf().arms.map((arm, nth) => ({
      ...arm,
      ...(nth === 1 && {
        placement: 'same-node' as const,
        replicas: 12,
        entrance: 'gateway' as const,
        feature: 'retries',
      }),
      ...(nth === 2 && { placement: 'cross-node' as const, replicas: 1 }),
    }))
    const entries = historyEntries(analyse(recordOf(scenarioOf({ arms }), () => ({}))))
    expect(
      entries.map(({ placement, replicas, entrance, feature }) => [placement, replicas, entrance, feature]),
    ).toEqual([
      [undefined, undefined, undefined, undefined],
      ['same-node', 12, 'gateway', 'retries'],
      [undefined, undefined, undefined, undefined],
    ])
  })

  it('has nothing of an arm without a valid trial', () => {
    const record = recordOf(scenarioOf(), ({ arm }) => (arm === 'envoy-sidecar' ? 'failed' : {}))
    expect(historyEntries(analyse(record)).map(({ arm }) => arm)).toEqual(['none', 'none-again'])
  })
})

describe('trendsOf', () => {
  const step = [...Array<number>(8).fill(1.5), ...Array<number>(8).fill(1.8)]

  it('dates a change, with its size and the versions around it', () => {
    const [trend] = trendsOf(
      nights(step, (night) => ({ istio: night < 8 ? '1.30' : '1.31', kernel: '6' })),
      'p50',
    )
    expect(trend?.changes).toHaveLength(1)
    const [change] = trend?.changes ?? []
    expect(change).toMatchObject({ before: 'run-08', after: 'run-09', at: '2026-01-09T01:00:00.000Z' })
    expect(change?.ratio).toBeCloseTo(1.2, 1)
    expect(change?.versions).toEqual([{ what: 'istio', from: '1.30', to: '1.31' }])
  })

  it('says the same whatever the order of the lines, and each time', () => {
    const entries = nights(step, () => ({}))
    expect(trendsOf(entries.toReversed(), 'p50')).toEqual(trendsOf(entries, 'p50'))
  })

  it('shows a drift as a drift, by run, and not as a step', () => {
    const creeping = Array.from({ length: 30 }, (_, night) => 1.5 * Math.exp(0.003 * night))
    const [trend] = trendsOf(
      nights(creeping, () => ({})),
      'p50',
    )
    expect(trend?.changes).toEqual([])
    expect(trend?.drift).toMatchObject({ runs: 30, p: expect.any(Number) })
    expect(trend?.drift?.perRun).toBeCloseTo(1.003, 3)
    expect(trend?.drift?.ratio).toBeCloseTo(Math.exp(0.003 * 29), 1)
  })

  it('finds nothing where nothing changed', () => {
    const [trend] = trendsOf(
      nights(Array<number>(16).fill(1.5), () => ({})),
      'p50',
    )
    expect(trend?.points).toHaveLength(16)
    expect(trend?.changes).toEqual([])
  })

  it.each([
    ['machine', { machine: 'another' }],
    ['load', { asked: 'rate 1' }],
    ['profile', { profile: 'defaults' }],
  ])('never joins runs of another %s', (_, other) => {
    const entries = nights(step, () => ({})).map((one, night) => (night < 8 ? one : { ...one, ...other }))
    const trends = trendsOf(entries, 'p50')
    expect(trends.map(({ points, changes }) => [points.length, changes.length])).toEqual([
      [8, 0],
      [8, 0],
    ])
  })

  it('follows the baseline by its level, since it has no ratio', () => {
    expect(trendsOf([base], 'p50')).toMatchObject([{ arm: 'none', of: 'level', points: [{ run: 'test' }] }])
  })
})
