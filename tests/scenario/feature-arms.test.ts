import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../src/model/scenario.ts'
import { featureArms } from '../../src/scenario/features/feature-arms.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { select } from '../../src/scenario/select.ts'
import { parsed } from './written.ts'

const ARMS = '[linkerd, { name: l-retries, mesh: linkerd, feature: retries }]'

function text({ arms = ARMS, top = 'platform: kind', load = 'rate: 100/s' } = {}): string {
  return `name: x\n${top}\narms: ${arms}\nloads: [{ ${load} }]\n`
}

const problems = (parts: Parameters<typeof text>[0]) =>
  parseScenario(text(parts), 'x.yaml').problems.map(({ message }) => message)

describe('an arm with a feature', () => {
  it('is one beside the same mesh without it', () => {
    expect(parsed(text()).arms).toEqual([
      { name: 'linkerd', mesh: 'linkerd' },
      { name: 'l-retries', mesh: 'linkerd', feature: 'retries' },
    ])
  })

  it('is refused where nothing is there to compare it with', () => {
    const alone = '[none, { name: l-retries, mesh: linkerd, feature: retries }]'
    expect(problems({ arms: alone })).toEqual([expect.stringContaining('no arm is equal to l-retries without retries')])
    const other = '[{ name: l, mesh: linkerd, replicas: 2 }, { name: l-retries, mesh: linkerd, feature: retries }]'
    expect(problems({ arms: other })).toHaveLength(1)
  })

  it('is refused where the mesh does not have the feature, in the words of its project', () => {
    const arms = '[istio-ambient, { name: a, mesh: istio-ambient, feature: retries }]'
    expect(problems({ arms })).toEqual([
      expect.stringMatching(/istio-ambient cannot have retries: A ztunnel works at layer 4.*\(https:/),
    ])
  })

  it('is refused where its objects are routes that the mesh cannot take yet', () => {
    const arms = '[istio-sidecar, { name: s, mesh: istio-sidecar, feature: timeouts }]'
    expect(problems({ arms })).toEqual([expect.stringContaining('only with `values: { gatewayApi: true }`')])
    // A VirtualService needs no such definitions.
    expect(problems({ arms: arms.replace('timeouts', 'retries') })).toEqual([])
  })

  it('is refused where there is no such feature, and where it would change what the load gets', () => {
    expect(problems({ arms: ARMS.replace('retries }', 'retry }') })).toEqual([
      'there is no feature "retry" whose cost can be measured',
    ])
    const { problems: found } = parseScenario(text({ arms: ARMS.replace('retries }', 'fault-delay }') }), 'x.yaml')
    expect(found[0]?.remedy).toContain('holds the requests of the load back')
  })

  it('is measured in a cluster, on our own server, with requests of ours', () => {
    const local = '[envoy-sidecar, { name: e, mesh: envoy-sidecar, feature: retries }]'
    expect(problems({ arms: local, top: 'platform: local' })).not.toEqual([])
    expect(problems({ load: 'rate: 100/s, protocol: grpc' })).toEqual([
      expect.stringContaining('are measured with http'),
    ])
    expect(problems({ load: 'rate: 100/s, duration: 40s, operation: server-rollout' })).toContainEqual(
      expect.stringContaining('without operation'),
    )
    expect(
      problems({ top: 'platform: kind\nentrance: gateway', arms: ARMS.replaceAll('linkerd', 'istio-sidecar') }),
    ).toContainEqual(expect.stringContaining('our own server'))
  })

  it('is refused where the command line takes away what it is compared with, or asks otherwise', () => {
    const scenario = parsed(text({ arms: `[none, linkerd, { name: l-retries, mesh: linkerd, feature: retries }]` }))
    expect(() => select(scenario, { arms: ['l-retries'] })).toThrow('without retries')
    expect(() => select(scenario, { load: { protocol: 'tcp' } })).toThrow('measured with http')
    expect(select(scenario, { arms: ['linkerd', 'l-retries'] }).arms).toHaveLength(3)
  })
})

describe('arms for the cost of features', () => {
  const shipped = parsed(readFileSync('scenarios/feature-cost.yaml', 'utf8'))
  const bases: Scenario = { ...shipped, arms: shipped.arms.filter(({ feature }) => feature === undefined) }

  it('of the scenario that is shipped are those that would be made for its meshes', () => {
    const made = featureArms(bases, { arms: ['istio-sidecar', 'linkerd'] })
    expect(made.scenario.arms).toEqual(shipped.arms)
    expect(featureArms(shipped, {}).scenario).toBe(shipped)
  })

  it('stand for each feature that is asked for on each mesh, with what none of them has and why', () => {
    const { scenario, leftOut } = featureArms(shipped, {
      arms: ['istio-sidecar', 'istio-ambient'],
      probes: ['timeouts', 'authorization-identity'],
    })
    expect(scenario.arms.map(({ name, feature, values }) => [name, feature, values])).toEqual([
      ['istio-sidecar', undefined, { gatewayApi: true }],
      ['istio-sidecar-again', undefined, { gatewayApi: true }],
      ['istio-sidecar-authorization-identity', 'authorization-identity', { gatewayApi: true }],
      ['istio-sidecar-timeouts', 'timeouts', { gatewayApi: true }],
      ['istio-ambient', undefined, undefined],
      ['istio-ambient-again', undefined, undefined],
      ['istio-ambient-authorization-identity', 'authorization-identity', undefined],
    ])
    expect(leftOut).toEqual([
      { arm: 'istio-ambient', feature: 'timeouts', why: expect.stringContaining('needs a waypoint') },
    ])
  })

  it('are refused where none is left, and where a name is wrong', () => {
    expect(() => featureArms(shipped, { arms: ['none'] })).toThrow('no feature is left')
    expect(() => featureArms(shipped, { probes: ['fault-delay'] })).toThrow('there is no feature fault-delay')
    expect(() => featureArms(shipped, { arms: ['istio'] })).toThrow('there is no arm or mesh istio')
  })
})
