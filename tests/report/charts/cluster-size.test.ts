import { describe, expect, it } from 'vitest'
import type { CostSample } from '../../../src/model/analysis.ts'
import { clusterSizeChart } from '../../../src/report/charts/cluster-size.ts'
import { analysisOf } from '../fixture.ts'
import { drawn, reasonOf, saidOf, viewFrom } from './drawn.ts'

const analysis = analysisOf()
const [load] = analysis.record.run.plan.scenario.loads
if (!load) throw new Error('the fixture has a load')

const nothing = { cores: 0, bytes: 0 }

/** Three blocks of one arm, which scatter by a thousandth. */
function costsOf(arm: string, idle: Partial<CostSample['idle']>): CostSample[] {
  return [0.999, 1, 1.001].map((luck, block) => {
    const scaled = Object.entries(idle).map(([unit, { cores, bytes }]) => [
      unit,
      { cores: cores * luck, bytes: bytes * luck },
    ])
    return {
      arm,
      load: load?.name ?? '',
      cohort: 1,
      block: block + 1,
      idle: { pod: nothing, node: nothing, namespace: nothing, cluster: nothing, ...Object.fromEntries(scaled) },
      perRate: nothing,
    }
  })
}

// A sidecar of 4 mcores in each pod, against a node proxy of 96 mcores on each node of 30 pods: 4 · 24 = 96, and a part of
// a node counts as a whole one. So they cross at 24 pods.
const costs = [
  ...costsOf('envoy-sidecar', { pod: { cores: 0.004, bytes: 2 ** 20 } }),
  ...costsOf('envoy-node', { node: { cores: 0.096, bytes: 24 * 2 ** 20 } }),
]

describe('clusterSizeChart', () => {
  it.each(['cores', 'bytes'] as const)('says where two arms cross, and draws it: %s', async (resource) => {
    const chart = clusterSizeChart(viewFrom(analysis, {}, { costs }), load, resource)
    await drawn(chart)
    expect(chart.sentence).toMatch(/^envoy-sidecar needs less than envoy-node below 24 pods/)
    const crossing = chart.rows.find(([, crosses]) => crosses !== undefined)
    expect(crossing?.slice(0, 2)).toEqual(['envoy-sidecar', 'envoy-node'])
    expect(crossing?.[2]).toBeCloseTo(24, 6)
    const said = saidOf(chart).map(({ say }) => say)
    expect(said).toContainEqual(expect.stringMatching(/^envoy-sidecar, 10 pods: (40\smcores|10\sMiB) \(/))
  })

  it('tells what each arm needs, by the number of pods', () => {
    const { rows } = clusterSizeChart(viewFrom(analysis, {}, { costs }), load, 'cores')
    const need = (arm: string, pods: number) =>
      rows.find(([name, crosses, size]) => name === arm && crosses === undefined && size === pods)?.[5]
    expect(need('envoy-sidecar', 1000)).toBeCloseTo(4, 6)
    expect(need('envoy-node', 20)).toBeCloseTo(0.096, 6)
    expect(need('envoy-node', 1000)).toBeCloseTo((0.096 * 1000) / 30, 6)
  })

  it('says why it draws nothing', () => {
    expect(reasonOf(clusterSizeChart(viewFrom(analysis, {}, { costs: [] }), load, 'cores'))).toMatch(/idle window/)
  })
})
