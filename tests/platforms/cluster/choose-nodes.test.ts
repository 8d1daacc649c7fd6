import { describe, expect, it } from 'vitest'
import type { NodePart } from '../../../src/model/mesh.ts'
import type { Placement } from '../../../src/model/scenario.ts'
import {
  type ClusterNode,
  chooseNodes,
  machinesOf,
  moreClients,
  placedOn,
  stand,
} from '../../../src/platforms/cluster/choose-nodes.ts'
import { measuredNodes } from '../../../src/platforms/in-cluster/cluster-arm.ts'
import { clientJob } from '../../../src/platforms/in-cluster/generators/client-pods.ts'

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
type Chosen = ReturnType<typeof chooseNodes>

/** The nodes for arms that name no placement. */
function plain(...given: Parameters<typeof chooseNodes>) {
  return of(chooseNodes(...given), 'cross-node')
}

function of(chosen: Chosen, placement: Placement) {
  const found = chosen.get(placement)
  if (!found) throw new Error(`nothing was chosen for ${placement}`)
  return found
}

const namesOf = (nodes: ReturnType<typeof plain>) =>
  Object.fromEntries(Object.entries(nodes).map(([part, one]) => [part, one.metadata.name]))

describe('chooseNodes', () => {
  it("takes two workers, and the cluster's own control-plane node for control planes", () => {
    const found = plain([control, node('b'), node('a'), node('c')])
    expect(namesOf(found)).toEqual({ control: 'cp', client: 'a', server: 'b' })
  })

  it('takes the largest for client and server where the control plane is managed by others', () => {
    const found = plain([node('small', { cpu: '2' }), node('large', { cpu: '8' }), node('middle', { cpu: '3920m' })])
    expect(namesOf(found)).toEqual({ control: 'small', client: 'large', server: 'middle' })
  })

  it('keeps client and server in one zone', () => {
    const nodes = [
      node('a1', { cpu: '16', zone: 'a' }),
      node('b1', { cpu: '8', zone: 'b' }),
      node('b2', { cpu: '8', zone: 'b' }),
      node('a2', { zone: 'a' }),
    ]
    expect(namesOf(plain(nodes))).toMatchObject({ client: 'a1', server: 'a2' })
  })

  it('takes what the scenario selects, and gives it to nobody else', () => {
    const nodes = [node('a', { cpu: '8' }), node('b', { cpu: '8' }), node('c', { labels: { pool: 'bench' } }), control]
    const found = namesOf(
      plain(nodes, { nodes: { server: { 'kubernetes.io/hostname': 'a' }, client: { pool: 'bench' } } }),
    )
    expect(found).toEqual({ client: 'c', server: 'a', control: 'cp' })
  })

  it('takes none that is not ready, or takes no pods', () => {
    const nodes = [control, node('a', { ready: false }), node('b', { taint: 'gpu' }), node('c')]
    expect(() => plain(nodes)).toThrow('no node left for the server')
    try {
      plain(nodes)
    } catch (error) {
      expect(error).toMatchObject({
        code: 'no-nodes',
        why: expect.stringMatching(/a \(not ready\), b \(takes no pods: gpu:NoSchedule\)/),
      })
    }
  })

  it('says which labels no node has', () => {
    const wanted = { client: { pool: 'bench' } }
    expect(() => plain([control, node('a'), node('b')], { nodes: wanted })).toThrow('has the labels pool=bench')
  })
})

describe('zones', () => {
  const zoned = [
    control,
    node('a1', { cpu: '16', zone: 'a' }),
    node('a2', { cpu: '8', zone: 'a' }),
    node('b1', { zone: 'b' }),
    node('b2', { cpu: '2', zone: 'b' }),
  ]

  it('move the client alone: the server is the same for all placements', () => {
    const found = chooseNodes(zoned, {}, ['cross-node', 'same-zone', 'cross-zone', 'same-node'])
    const near = { client: 'a1', server: 'a2', control: 'cp' }
    for (const placement of ['cross-node', 'same-zone', 'same-node'] as const) {
      expect(namesOf(of(found, placement))).toEqual(near)
    }
    expect(namesOf(of(found, 'cross-zone'))).toEqual({ ...near, client: 'b1' })
  })

  it('need no more than three nodes where all arms are across zones', () => {
    const nodes = [node('a1', { cpu: '8', zone: 'a' }), node('b1', { zone: 'b' }), node('c1', { cpu: '2', zone: 'c' })]
    const found = chooseNodes(nodes, {}, ['cross-zone'])
    expect(namesOf(of(found, 'cross-zone'))).toEqual({ client: 'b1', server: 'a1', control: 'c1' })
  })

  it('are kept to where the scenario selects nodes, or refused with what it selects', () => {
    const nodes = { client: { 'kubernetes.io/hostname': 'b2' }, server: { 'kubernetes.io/hostname': 'a2' } }
    expect(namesOf(of(chooseNodes(zoned, { nodes }, ['cross-zone']), 'cross-zone'))).toMatchObject({
      client: 'b2',
      server: 'a2',
    })
    expect(() => chooseNodes(zoned, { nodes }, ['same-zone'])).toThrow(
      expect.objectContaining({ code: 'no-zones', why: 'b2 is in zone b, a2 in zone a' }),
    )
  })

  it.each(['same-zone', 'cross-zone'] as const)(
    'that no node has are refused once, with what to do: %s',
    (placement) => {
      expect(() => chooseNodes([control, node('a'), node('b'), node('c')], {}, [placement])).toThrow(
        expect.objectContaining({
          code: 'no-zones',
          remedy: expect.stringContaining('kubectl label node NAME topology.kubernetes.io/zone=ZONE'),
        }),
      )
    },
  )

  it('of which there is only one are refused', () => {
    const nodes = [control, ...['a1', 'a2', 'a3'].map((name) => node(name, { zone: 'a' }))]
    expect(() => chooseNodes(nodes, {}, ['cross-node', 'cross-zone'])).toThrow(
      expect.objectContaining({ code: 'no-zones', why: 'the server would be in zone a' }),
    )
  })
})

describe('taints', () => {
  const dedicated = (name: string) => node(name, { taint: 'dedicated', labels: { pool: 'bench' } })
  const nodes = [control, dedicated('a'), dedicated('b'), node('c')]
  const selected = { client: { pool: 'bench' }, server: { pool: 'bench' } }

  it('keep pods away, also from nodes that the scenario selects, and are named', () => {
    expect(() => plain(nodes, { nodes: selected })).toThrow(
      expect.objectContaining({
        code: 'no-nodes',
        why: 'a (takes no pods: dedicated:NoSchedule) and b (takes no pods: dedicated:NoSchedule)',
        remedy: expect.stringContaining('cluster.tolerations'),
      }),
    )
  })

  it.each([
    [{ key: 'dedicated', operator: 'Exists' }],
    [{ operator: 'Exists' }],
    [{ key: 'dedicated', effect: 'NoSchedule' }],
  ] as const)('are tolerated as Kubernetes does: %j', (toleration) => {
    const found = namesOf(plain(nodes, { nodes: selected, tolerations: [toleration] }))
    expect(found).toEqual({ client: 'a', server: 'b', control: 'cp' })
  })

  it.each([
    [{ key: 'dedicated', value: 'other' }],
    [{ key: 'gpu', operator: 'Exists' }],
    [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }],
  ] as const)('are not tolerated by what does not match them: %j', (toleration) => {
    expect(() => plain(nodes, { nodes: selected, tolerations: [toleration] })).toThrow('take no pods')
  })
})

describe('nodes that go away', () => {
  const names = ['a', 'b', 'cp']

  it.each([
    ['are gone', [control, node('a'), node('c')], false],
    ['are not ready', [control, node('a'), node('b', { ready: false })], false],
    ['are tainted', [control, node('a'), node('b', { taint: 'node.kubernetes.io/out-of-service' })], false],
    ['stand', [control, node('a'), node('b')], true],
  ] as const)('%s', (_, nodes, is) => {
    expect(stand(nodes, names)).toBe(is)
  })

  it.each([
    ['server', ['a', 'c', 'd'], { client: 'a', server: 'd', control: 'cp' }],
    ['client', ['b', 'c', 'd'], { client: 'd', server: 'b', control: 'cp' }],
  ] as const)(
    'are replaced, and the others keep their parts though larger ones have come: the %s',
    (_, left, wanted) => {
      const now = [control, ...left.map((name) => node(name, { cpu: name === 'd' ? '64' : '4' }))]
      const kept = new Map<string, NodePart>([
        ['a', 'client'],
        ['b', 'server'],
        ['cp', 'control'],
      ])
      expect(namesOf(plain(now, {}, ['cross-node'], kept))).toEqual(wanted)
    },
  )
})

describe('moreClients', () => {
  const nodes = [
    control,
    ...['a', 'b', 'c', 'd'].map((name) => node(name, { zone: 'east' })),
    node('far', { zone: 'west', cpu: '64', labels: { pool: 'bench' } }),
  ]
  const chosen = plain(nodes, {
    nodes: { server: { 'kubernetes.io/hostname': 'b' }, client: { 'kubernetes.io/hostname': 'a' } },
  })
  const names = (found: readonly ClusterNode[]) => found.map(({ metadata }) => metadata.name)

  it('are one node for each further generator, in the zone of the first and without another part', () => {
    expect(names(moreClients(nodes, chosen, 1))).toEqual([])
    expect(names(moreClients(nodes, chosen, 2))).toEqual(['c'])
    expect(names(moreClients(nodes, chosen, 9))).toEqual(['c', 'd'])
  })

  it('are those that the scenario selects for the client, wherever they are', () => {
    expect(names(moreClients(nodes, chosen, 3, { nodes: { client: { pool: 'bench' } } }))).toEqual(['far'])
  })
})

describe('machinesOf', () => {
  it('counts nodes that are containers of one machine as one', () => {
    const machines = (nodes: readonly ClusterNode[], more: readonly ClusterNode[] = []) => {
      const { client, server, control: third } = namesOf(plain(nodes)) as Record<NodePart, string>
      const moreClients = more.map(({ metadata }) => metadata.name)
      return machinesOf(measuredNodes({ nodes: { client, server, control: third }, moreClients }), [...nodes, ...more])
    }
    expect(machines([control, node('a'), node('b')])).toEqual(['client', 'server', 'control'])
    expect(machines([node('cp', { boot: 'x' }), node('a', { boot: 'x' }), node('b', { boot: 'x' })])).toEqual([
      'client',
    ])
    expect(machines([control, node('a'), node('b')], [node('c')])).toEqual(['client', 'client-2', 'server', 'control'])
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

  it('lets what it binds tolerate taints, beside those that it tolerates already, and nothing else', () => {
    const wanted = [{ key: 'dedicated', operator: 'Exists' }] as const
    const tree = {
      bound: { nodeSelector: { 'meshbench.io/part': 'server' }, tolerations: [{ key: 'x' }] },
      free: { nodeSelector: { disk: 'ssd' }, containers: [] },
    }
    expect(placedOn(tree, { control: 'cp', client: 'a', server: 'b' }, wanted)).toEqual({
      bound: { nodeSelector: { 'kubernetes.io/hostname': 'b' }, tolerations: [{ key: 'x' }, ...wanted] },
      free: tree.free,
    })
  })

  it('lets the load generators on several nodes tolerate them too', () => {
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client' } },
      spec: { nodeSelector: { 'meshbench.io/part': 'client' }, containers: [] },
    }
    const wanted = [{ key: 'dedicated', operator: 'Exists' }] as const
    const job = clientJob(pod, 4, ['a', 'c'])
    const found = placedOn(job, { control: 'cp', client: 'a', server: 'b' }, wanted)
    expect(found['spec']).toMatchObject({ template: { spec: { tolerations: wanted } } })
  })
})
