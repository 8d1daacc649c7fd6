import { describe, expect, it } from 'vitest'
import { type ClusterNode, chooseNodes, machinesOf, placedOn } from '../../../src/platforms/cluster/choose-nodes.ts'

interface About {
  readonly cpu?: string
  readonly zone?: string
  readonly labels?: Record<string, string>
  readonly taint?: string
  readonly ready?: boolean
  readonly boot?: string
}

function node(name: string, { cpu = '4', zone, labels, taint, ready = true, boot = name }: About = {}): ClusterNode {
  const zoned = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...zoned, ...labels } },
    spec: taint === undefined ? {} : { taints: [{ key: taint, effect: 'NoSchedule' }] },
    status: {
      allocatable: { cpu },
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      nodeInfo: { architecture: 'arm64', bootID: boot, kubeletVersion: 'v1.34.4' },
    },
  }
}

const CONTROL = 'node-role.kubernetes.io/control-plane'
const control = node('cp', { labels: { [CONTROL]: '' }, taint: CONTROL })
const namesOf = (nodes: ReturnType<typeof chooseNodes>) =>
  Object.fromEntries(Object.entries(nodes).map(([part, one]) => [part, one.metadata.name]))

describe('chooseNodes', () => {
  it("takes two workers, and the cluster's own control-plane node for control planes", () => {
    const found = chooseNodes([control, node('b'), node('a'), node('c')])
    expect(namesOf(found)).toEqual({ control: 'cp', client: 'a', server: 'b' })
  })

  it('takes the largest for client and server where the control plane is managed by others', () => {
    const found = chooseNodes([
      node('small', { cpu: '2' }),
      node('large', { cpu: '8' }),
      node('middle', { cpu: '3920m' }),
    ])
    expect(namesOf(found)).toEqual({ control: 'small', client: 'large', server: 'middle' })
  })

  it('keeps client and server in one zone', () => {
    const nodes = [
      node('a1', { cpu: '16', zone: 'a' }),
      node('b1', { cpu: '8', zone: 'b' }),
      node('b2', { cpu: '8', zone: 'b' }),
      node('a2', { zone: 'a' }),
    ]
    expect(namesOf(chooseNodes(nodes))).toMatchObject({ client: 'a1', server: 'a2' })
  })

  it('takes what the scenario selects, and gives it to nobody else', () => {
    const nodes = [node('a', { cpu: '8' }), node('b', { cpu: '8' }), node('c', { labels: { pool: 'bench' } }), control]
    const found = namesOf(chooseNodes(nodes, { server: { 'kubernetes.io/hostname': 'a' }, client: { pool: 'bench' } }))
    expect(found).toEqual({ client: 'c', server: 'a', control: 'cp' })
  })

  it('takes none that is not ready, or takes no pods', () => {
    const nodes = [control, node('a', { ready: false }), node('b', { taint: 'gpu' }), node('c')]
    expect(() => chooseNodes(nodes)).toThrow('no node left for the server')
    try {
      chooseNodes(nodes)
    } catch (error) {
      expect(error).toMatchObject({
        code: 'no-nodes',
        why: expect.stringMatching(/a \(not ready\), b \(takes no pods\)/),
      })
    }
  })

  it('says which labels no node has', () => {
    const wanted = { client: { pool: 'bench' } }
    expect(() => chooseNodes([control, node('a'), node('b')], wanted)).toThrow('has the labels pool=bench')
  })
})

describe('machinesOf', () => {
  it('counts nodes that are containers of one machine as one', () => {
    const own = chooseNodes([control, node('a'), node('b')])
    expect(machinesOf(own)).toEqual(['client', 'server', 'control'])
    const shared = chooseNodes([node('cp', { boot: 'x' }), node('a', { boot: 'x' }), node('b', { boot: 'x' })])
    expect(machinesOf(shared)).toEqual(['client'])
  })
})

describe('placedOn', () => {
  it('binds by name what kind binds by label, however deep', () => {
    const values = {
      pilot: { nodeSelector: { 'meshbench.io/part': 'control' }, tolerations: [{ key: 'x' }] },
      list: [{ nodeSelector: { 'meshbench.io/part': 'server' } }, 1, null],
      text: JSON.stringify({ spec: { nodeSelector: { 'meshbench.io/part': 'server' } } }),
    }
    expect(placedOn(values, { control: 'cp', client: 'a', server: 'b' })).toEqual({
      pilot: { nodeSelector: { 'kubernetes.io/hostname': 'cp' }, tolerations: [{ key: 'x' }] },
      list: [{ nodeSelector: { 'kubernetes.io/hostname': 'b' } }, 1, null],
      text: JSON.stringify({ spec: { nodeSelector: { 'kubernetes.io/hostname': 'b' } } }),
    })
  })
})
