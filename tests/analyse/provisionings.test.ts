import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { compareSides } from '../../src/compare/compare-runs.ts'
import { INSTALLATION_SCHEMA, type Installation } from '../../src/model/installation.ts'
import type { Trial } from '../../src/model/plan.ts'
import { recordOf } from '../build/run.ts'
import { none, scenarioOf, sidecar } from '../build/scenario.ts'

const clusterOf = (seen: string) => ({
  observation: {
    evidence: [
      { name: 'mtls', holds: true, seen: '', source: '' },
      { name: 'cluster', seen, source: 'kind' },
    ],
  },
})
const record = (cluster: (trial: Trial) => string, id = 'a') => {
  const made = recordOf(scenarioOf({ blocks: 4 }), (trial) => ({
    latency: 1 + trial.order / 1000,
    ...clusterOf(cluster(trial)),
  }))
  return { ...made, run: { ...made.run, id } }
}
const perArm = ({ arm, cohort }: Trial) => `meshbench-${arm}-c${cohort}, made 2026-11-25`
const told = (cluster: (trial: Trial) => string) =>
  analyse(record(cluster)).problems.filter(({ rule }) => rule === 'two-provisionings')

describe('provisionings', () => {
  it('are one for each arm and cohort', () => {
    expect(told(perArm)).toEqual([])
  })

  it('are told where an arm got a second one in a cohort, by the time it was made alone', () => {
    const remade = (trial: Trial) =>
      trial.arm === sidecar.name && trial.cohort === 1 && trial.block > 2 ? `${perArm(trial)}T12` : perArm(trial)
    expect(told(remade)).toMatchObject([
      { severity: 'warning', arm: sidecar.name, cause: expect.stringContaining('2 provisionings in cohort 1') },
    ])
  })

  it('of old results, which have a name only, say nothing', () => {
    expect(told(({ order }) => `meshbench-${order}`)).toEqual([])
  })
})

describe('two runs', () => {
  const pair = (a: ReturnType<typeof record>, b: ReturnType<typeof record>, arm = none.name) =>
    compareSides([
      [
        { analysis: analyse(a), arm },
        { analysis: analyse(b), arm },
      ],
    ])
  const a = record(perArm)

  it('are told to share clusters that one of them kept for the other', () => {
    const shared = pair(
      a,
      record((trial) => `${perArm(trial)}, kept from run a`, 'b'),
    )
    expect(shared.cautions.join()).toMatch(/measured on the same \d clusters/)
    const apart = pair(
      a,
      record((trial) => `${perArm(trial)}T9`, 'b'),
    )
    expect(apart.cautions.join()).not.toContain('share')
  })

  it('tell what was installed otherwise, part by part', () => {
    const istiod = (version: string, digest: string): Installation => ({
      ...{ schema: INSTALLATION_SCHEMA, arm: sidecar.name, mesh: 'm', version: '1', profile: 'equalised', digest },
      parts: [
        { title: 'istiod', digest, chart: { name: 'istiod', version, sha256: version }, namespace: 'i', values: {} },
      ],
    })
    const [one, other] = [istiod('1.31.0', 'aaaa'), istiod('1.31.1', 'bbbb')]
    const [before, after] = [
      { ...a, installations: [one] },
      { ...record(perArm, 'b'), installations: [other, other] },
    ]
    const { changed } = pair(before, after, sidecar.name)
    expect(changed).toEqual([
      { what: `arm ${sidecar.name}: chart istiod`, a: 'istiod 1.31.0 (1.31.0)', b: 'istiod 1.31.1 (1.31.1)' },
      { what: `arm ${sidecar.name}: chart and values of istiod`, a: 'aaaa', b: 'bbbb' },
    ])
    // Of arms that are not compared, nothing.
    expect(pair(before, after).changed).toEqual([])
  })
})

describe('what Kubernetes itself takes', () => {
  const metric = (role: 'node' | 'cluster') => {
    const usage = [
      { component: 'application', role: 'application' as const, cpuSeconds: 1, memoryBytes: 10 },
      { component: 'node-client', role: 'node' as const, cpuSeconds: 2, memoryBytes: 20 },
      { component: 'node-control', role, cpuSeconds: 40, memoryBytes: 400 },
    ]
    const analysis = analyse(recordOf(scenarioOf({ blocks: 4 }), () => ({ observation: { usage } })))
    const of = (name: string) =>
      analysis.cells.find((cell) => cell.metric === name && cell.arm === none.name)?.values[0]?.value
    return { memory: of('mesh-memory'), role: analysis.components.at(-1)?.role }
  }

  it('is not in the bill, whether a result is new or of before it had a role of its own', () => {
    expect(metric('cluster').memory).toBe(0)
    expect(metric('node')).toEqual(metric('cluster'))
    expect(metric('node').role).toBe('cluster')
  })
})
