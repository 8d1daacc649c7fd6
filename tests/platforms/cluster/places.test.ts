import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import type { Arm } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import type { Agents } from '../../../src/platforms/cluster/agents.ts'
import type { ClusterNode } from '../../../src/platforms/cluster/choose-nodes.ts'
import { placesIn } from '../../../src/platforms/cluster/places.ts'
import { none, scenarioOf } from '../../build/scenario.ts'

const { signal } = new AbortController()
const far: Arm = { name: 'far', mesh: 'none', placement: 'cross-zone' }

/** As clouds show them: with a type, a zone and what they have. */
function node(name: string, zone: string): ClusterNode {
  const labels = { 'topology.kubernetes.io/zone': zone, 'node.kubernetes.io/instance-type': 'm5.large' }
  return {
    metadata: { name, uid: name, labels },
    status: {
      allocatable: { cpu: '1930m' },
      capacity: { cpu: '2', memory: '8388608Ki' },
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { architecture: 'amd64', bootID: name, kubeletVersion: 'v1.34.4' },
    },
  }
}

/** A cluster whose nodes come and go, and whose agents are counted. */
async function placesOf(arms: readonly Arm[], names: readonly string[]) {
  let nodes = names.map((name) => node(name, name[0] ?? ''))
  const agents: string[] = []
  const counted: Agents = {
    start: async (given) => void agents.push(given.map(({ metadata }) => metadata.name).join(' ')),
    onNode: (measured) => async (key) => measured.find((one) => one.key === key)?.name ?? '',
  }
  const cluster = { list: async () => nodes } as unknown as Cluster
  const plan = makePlan(scenarioOf({ platform: 'cluster', cohorts: 1, arms }))
  const places = await placesIn({ cluster, context: 'east', plan, agents: counted }, signal)
  const become = (now: readonly string[]) => {
    nodes = now.map((name) => node(name, name[0] ?? ''))
  }
  return { places, agents, become }
}

describe('where arms stand', () => {
  it('is by their placement, with agents on the nodes of all of them', async () => {
    const { places, agents } = await placesOf([none, far], ['a1', 'a2', 'b1', 'c1'])
    const [near, apart] = [await places.settle(none, signal), await places.settle(far, signal)]
    expect(near.nodes).toEqual({ client: 'a1', server: 'a2', control: 'c1' })
    expect(apart.nodes).toEqual({ client: 'b1', server: 'a2', control: 'c1' })
    expect(agents.at(-1)).toBe('a1 a2 b1 c1')
    expect(await apart.onNode?.('client', [])).toBe('b1')
    expect(Object.fromEntries(apart.facts.map(({ name, seen }) => [name, seen]))).toEqual({
      cluster: 'context east, nodes b1, a2, c1',
      zones: 'control: zone c; client: zone b; server: zone a',
      machines: ['control', 'client', 'server'].map((part) => `${part}: m5.large, 2 CPUs, 8 GiB, amd64`).join('; '),
    })
  })

  it('stays while its nodes stay, whatever else comes', async () => {
    const { places, become } = await placesOf([none], ['a1', 'a2', 'a3'])
    const before = await places.settle(none, signal)
    become(['a0', 'a1', 'a2', 'a3', 'a4'])
    expect(await places.settle(none, signal)).toBe(before)
  })

  it('changes by the node that has gone, and by no other', async () => {
    const { places, agents, become } = await placesOf([none], ['a1', 'a2', 'a3', 'a4'])
    expect(places.first.nodes).toEqual({ client: 'a1', server: 'a2', control: 'a3' })
    become(['a2', 'a3', 'a4'])
    const after = await places.settle(none, signal)
    expect(after.nodes).toEqual({ client: 'a4', server: 'a2', control: 'a3' })
    expect(after.before.map(({ name }) => name).toSorted()).toEqual(['a2', 'a3', 'a4'])
    expect(agents.at(-1)).toBe('a2 a3 a4')
  })

  it('is waited for where no other node is left', async () => {
    const { places, become } = await placesOf([none], ['a1', 'a2', 'a3'])
    const before = await places.settle(none, signal)
    become(['a1', 'a3'])
    expect(await places.settle(none, signal)).toBe(before)
  })
})
