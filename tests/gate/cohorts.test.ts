import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { gate } from '../../src/gate/gate-run.ts'
import type { WholeRun } from '../../src/model/analysis.ts'
import type { Limits } from '../../src/model/limits.ts'
import type { Trial } from '../../src/model/plan.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { recordOf, unlike } from '../build/run.ts'
import { none, noneAgain, scenarioOf } from '../build/scenario.ts'

const arms = [
  none,
  noneAgain,
  { name: 'a', mesh: 'envoy-sidecar' },
  { name: 'a-ref', mesh: 'envoy-sidecar', version: '1' },
  { name: 'a-ref-again', mesh: 'envoy-sidecar', version: '1' },
]

/** On clusters, trial after trial; `luck`: what the cluster that an arm stands on in a cohort does to its latency. */
function onClusters(cohorts: number, luck: (trial: Trial) => number): WholeRun {
  const record = recordOf(scenarioOf({ arms, cohorts, blocks: 10 / cohorts }), (trial) => {
    // Blocks scatter a little, and alike in every arm but for the turn of the block.
    const scatter = 1 + 0.01 * ((trial.block * 7 + trial.arm.length * 3) % 5)
    return { latency: Number((luck(trial) * scatter).toFixed(3)) }
  })
  const results = record.results.map((result, index) => {
    const start = Date.parse(result.startedAt) + index * 1e5
    const { outcome } = result
    return {
      ...result,
      startedAt: new Date(start).toISOString(),
      endedAt: new Date(start + 9e4).toISOString(),
      outcome:
        outcome.status === 'measured'
          ? { ...outcome, reading: { ...unlike(outcome.reading, index), startedAt: start / 1000 + 6 } }
          : outcome,
    }
  })
  const { provenance, plan } = record.run
  const machine = { ...provenance.machine, memoryBytes: 2 ** 34 }
  const run = {
    ...record.run,
    plan: { ...plan, scenario: { ...plan.scenario, platform: 'kind' as const } },
    provenance: { ...provenance, machine, platform: 'kind' },
  }
  return { ...record, results, run }
}

function judged(record: WholeRun, change: Partial<Limits['defaults']> = {}) {
  const limits = defaultLimits()
  const chosen = { ...limits, metrics: ['p50'], defaults: { ...limits.defaults, ...change } }
  const result = gate(analyse(record), { limits: chosen, today: '2026-01-01' })
  const [cell] = result.cells
  if (!cell) throw new Error('a and a-ref are a pair')
  return { result, cell }
}

describe('a gate on clusters', () => {
  it('refuses one provisioning, whatever its blocks say', () => {
    const { result, cell } = judged(onClusters(1, () => 1))
    expect(result.exit).toBe(12)
    expect(cell).toMatchObject({ verdict: 'invalid' })
    expect(cell.message).toContain('all blocks ran on one provisioning')
  })

  it('takes one provisioning where the spread of clusters is known, and carries it', () => {
    const equal = onClusters(1, () => 1)
    const narrow = judged(equal, { spread: { deviation: 0.01, cohorts: 12 } })
    expect(narrow.cell).toMatchObject({ verdict: 'pass', basis: 'cohorts' })
    const wide = judged(equal, { spread: { deviation: 0.2, cohorts: 12 } })
    expect(wide.cell).toMatchObject({ verdict: 'inconclusive', suspected: false })
    expect(wide.cell.needed?.cohorts).toBeGreaterThan(5)
    expect(wide.cell.message).toContain('by the scatter of 1 cohort')
  })

  it('takes the luck of clusters for no difference', () => {
    const lucky = onClusters(2, ({ arm, cohort }) => (arm === 'a' ? (cohort === 1 ? 1.3 : 1.02) : 1))
    const { cell } = judged(lucky)
    expect(cell.ratio?.center).toBeGreaterThan(1.1)
    expect(cell).toMatchObject({ verdict: 'inconclusive', suspected: false, basis: 'cohorts' })
  })

  it('learns the spread of clusters from the arm that repeats the reference, and needs no reference for that arm', () => {
    const quiet = onClusters(2, () => 1)
    const loud = onClusters(2, ({ arm, cohort }) => {
      if (arm === 'a-ref-again') return cohort === 1 ? 1.3 : 0.8
      return arm === 'a' && cohort === 1 ? 1.02 : 1
    })
    const found = judged(quiet)
    expect(found.cell.verdict).toBe('pass')
    expect(found.result.findings.filter(({ rule }) => rule === 'reference-missing')).toEqual([])
    expect(judged(loud).cell).toMatchObject({ verdict: 'inconclusive', basis: 'cohorts' })
  })

  it('does not take the spread of the baseline for that of a mesh', () => {
    // Were the quiet baselines asked, 2 % between cohorts would be a lot; of the mesh, two cohorts know little.
    const { cell } = judged(
      onClusters(2, ({ arm, cohort }) => {
        if (arm === 'a') return cohort === 1 ? 1.25 : 1.18
        return arm === 'a-ref-again' ? (cohort === 1 ? 1.3 : 0.8) : 1
      }),
    )
    expect(cell).toMatchObject({ verdict: 'inconclusive', suspected: false, basis: 'cohorts' })
  })

  it('carries the scatter of clusters in a pass by the absolute floor as well', () => {
    const apart = onClusters(2, ({ arm, cohort }) => (arm === 'a' ? (cohort === 1 ? 1.02 : 0.99) : 1))
    const floor = { minAbsolute: { unit: 'seconds', value: 0.05e-3, text: '50us' } } as const
    expect(judged(apart, { ...floor, margin: 0.001, minEffect: 0.001 }).cell.verdict).toBe('inconclusive')
  })
})
