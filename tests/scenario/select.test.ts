import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/model/failure.ts'
import type { Scenario } from '../../src/model/scenario.ts'
import { type Selection, select } from '../../src/scenario/select.ts'
import { parsed, written } from './written.ts'

const scenario = parsed(
  written({
    top: 'platform: simulated',
    arms: '[none, envoy-node, envoy-sidecar]',
    loads: '[{ name: a, rate: 50/s }, { name: b, rate: 60/s, protocol: tcp }]',
  }),
)
const names = (things: Scenario['arms'] | Scenario['loads']) => things.map(({ name }) => name)

describe('select', () => {
  it('changes nothing where nothing is asked for', () => {
    expect(select(scenario, {})).toEqual(scenario)
  })

  it('keeps the baseline first, and the order of the scenario', () => {
    expect(names(select(scenario, { arms: ['envoy-sidecar'] }).arms)).toEqual(['none', 'envoy-sidecar'])
    expect(names(select(scenario, { arms: ['envoy-sidecar', 'envoy-node', 'none'] }).arms)).toEqual(
      names(scenario.arms),
    )
  })

  it('keeps the description only with all arms, since it may name those that were left out', () => {
    const described = { ...scenario, description: 'None, node and sidecar' }
    expect(select(described, { arms: ['envoy-sidecar'] })).not.toHaveProperty('description')
    expect(select(described, { loads: ['a'] }).description).toBe('None, node and sidecar')
  })

  it('selects loads', () => {
    expect(names(select(scenario, { loads: ['b'] }).loads)).toEqual(['b'])
  })

  it('overrides numbers, profile and isolation', () => {
    const overrides: Selection = { blocks: 2, cohorts: 3, seed: 0, profile: 'defaults', isolation: 'sequential' }
    expect(select(scenario, overrides)).toEqual({ ...scenario, ...overrides })
  })

  it('leaves what it was given as it was', () => {
    const before = structuredClone(scenario)
    select(scenario, { arms: ['envoy-node'], loads: ['a'], blocks: 1 })
    expect(scenario).toEqual(before)
  })

  it.each<[string, Selection, string, string]>([
    ['an unknown arm', { arms: ['envoy-sidcar'] }, 'no arm "envoy-sidcar"', '"envoy-sidecar"'],
    ['an unknown load', { loads: ['c'] }, 'no load "c"', 'a, b'],
    ['no load at all', { loads: [] }, 'no load is selected', 'a, b'],
    ['a number out of range', { blocks: 0 }, 'blocks cannot be 0', 'from 1 to 1000'],
    ['a fraction', { seed: 0.5 }, 'seed cannot be 0.5', 'whole number'],
    [
      'a platform that does not carry the load',
      { platform: 'local' },
      'these arms do not carry tcp: envoy-sidecar',
      'protocol',
    ],
    [
      'an isolation that means nothing',
      { platform: 'local', loads: ['a'], isolation: 'frozen' },
      'isolation frozen',
      'kind',
    ],
    ['too many trials', { blocks: 1000, cohorts: 100 }, '600000 trials', 'fewer'],
  ])('refuses %s', (_, selection, message, remedy) => {
    const refused = attempt(() => select(scenario, selection))
    expect(refused).toBeInstanceOf(Failure)
    expect(refused).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    })
  })

  it('takes a platform once the arms that do not fit are left out', () => {
    const local = select(scenario, { platform: 'local', arms: ['envoy-node'] })
    expect(local.platform).toBe('local')
  })
})

function attempt(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
