import { describe, expect, it } from 'vitest'
import { driftWarnings } from '../../src/gate/drift.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { random } from '../../src/stats/random.ts'

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
      p99: { unit: 'seconds', better: 'lower', level: { center: 1e-3, n: 10 }, ratio: { center: ratio, n: 10 } },
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
    expect(warning).toMatchObject({ rule: 'slow-drift', severity: 'warning', arm: 'sidecar', metric: 'p99' })
    expect(warning?.sentence).toMatch(/has crept by \+1\d % against none over 30 runs/)
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
