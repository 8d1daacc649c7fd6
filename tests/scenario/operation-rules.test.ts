import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../src/scenario/parse.ts'
import { select } from '../../src/scenario/select.ts'

const OPERATED = 'operation: server-rollout, rate: 100/s, duration: 40s'

interface Otherwise {
  readonly platform?: string
  readonly arms?: string
  readonly loads?: readonly string[]
  readonly more?: string
}

function parsed({
  platform = 'kind',
  arms = '[none, linkerd]',
  loads = [`{ name: a, ${OPERATED} }`],
  more = '',
}: Otherwise) {
  const text = `name: x\nplatform: ${platform}\narms: ${arms}\nloads:\n${loads.map((one) => `  - ${one}\n`).join('')}${more}`
  return parseScenario(text, 'x.yaml')
}

const problems = (otherwise: Otherwise) => parsed(otherwise).problems.map(({ message }) => message)

describe('a load with an operation', () => {
  it('has it at a quarter of its duration, and is measured on the arms that can have it', () => {
    const { scenario } = parsed({
      loads: [`{ name: a, ${OPERATED} }`, '{ name: b, operation: proxy-killed, rate: 100/s, duration: 16s }'],
    })
    expect(scenario?.loads.map(({ operationAt }) => operationAt)).toEqual([10, 5])
    expect(scenario?.loads.map(({ skipped }) => skipped)).toEqual([undefined, { none: 'there is no mesh' }])
  })

  it('skips an arm that is added on the command line, too', () => {
    const { scenario } = parsed({ loads: ['{ name: a, operation: route-changed, rate: 100/s, duration: 40s }'] })
    if (!scenario) throw new Error('the scenario is right')
    const { loads } = select(scenario, { arms: ['linkerd', 'istio-ambient'] })
    expect(Object.keys(loads[0]?.skipped ?? {})).toEqual(['none', 'istio-ambient'])
  })

  it('is refused where no arm can have it', () => {
    expect(
      problems({ arms: '[none]', loads: ['{ name: a, operation: proxy-killed, rate: 100/s, duration: 40s }'] }),
    ).toEqual(['no arm can have proxy-killed: none (there is no mesh)'])
  })

  it('is an open loop at one rate, with time left after it', () => {
    const [closed] = problems({ loads: ['{ name: a, operation: server-rollout, rate: max, duration: 40s }'] })
    expect(closed).toContain('requests at a fixed rate')
    const late = '{ name: a, operation: server-rollout, rate: 100/s, duration: 40s, operationAt: 31s }'
    expect(problems({ loads: [late] })).toEqual([expect.stringContaining('9 s of the window are left')])
    expect(problems({ loads: ['{ name: a, rate: 100/s, operationAt: 6s }'] })).toEqual(['the load has no operation'])
  })

  it('stands with others of its kind, and without the gate', () => {
    const both = [`{ name: a, ${OPERATED} }`, '{ name: b, rate: 100/s }']
    expect(problems({ loads: both })).toEqual([expect.stringContaining('operations in all of its loads or in none')])
    expect(problems({ more: 'gate: {}\n' })).toEqual(['the gate does not judge what an operation brings about'])
  })

  it('uses no port that its policy closes', () => {
    const refused = ['{ name: a, protocol: tcp, operation: policy-changed, rate: 100/s, duration: 40s }']
    expect(problems({ loads: refused })).toEqual([expect.stringContaining('lets nobody in to the port of tcp')])
    const grpc = ['{ name: a, protocol: grpc, operation: route-changed, rate: 100/s, duration: 40s }']
    expect(problems({ loads: grpc })).toEqual(['route-changed is seen on http only'])
  })

  it('stops nothing that is not the run’s own', () => {
    const on = (operation: string, more = '') =>
      problems({
        platform: 'cluster',
        loads: [`{ name: a, operation: ${operation}, rate: 100/s, duration: 40s }`],
        more: `cluster: { context: c${more} }\n`,
      })
    for (const operation of ['node-drained', 'proxy-killed', 'proxy-restarted']) {
      expect(on(operation)).toEqual([expect.stringContaining("the nodes are not the run's own")])
    }
    expect(on('control-plane-down')).toEqual([])
    expect(on('control-plane-down', ', provision: existing')).toEqual([
      expect.stringContaining("a control plane that is not the run's own: linkerd"),
    ])
    expect(on('server-rollout', ', provision: existing')).toEqual([])
  })

  it('needs a cluster, and our own server', () => {
    const local = { platform: 'local', arms: '[none, envoy-sidecar]' }
    expect(problems(local)).toEqual([expect.stringContaining('there is no cluster')])
    const near = '[none, { name: near, mesh: none, placement: same-node }]'
    const drained = ['{ name: a, operation: node-drained, rate: 100/s, duration: 40s }']
    expect(problems({ arms: near, loads: drained })).toEqual([expect.stringContaining('same-node')])
  })
})
