import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import { agentsOf } from '../../../src/platforms/cluster/agents.ts'
import { measuredNodes } from '../../../src/platforms/in-cluster/cluster-arm.ts'

const RUN = '20261128T120000Z-gp7j'
const measured = measuredNodes({ nodes: { client: 'one', server: 'two', control: 'three' }, moreClients: ['four'] })
const machine = (name: string, uid = name) => ({ metadata: { name, uid } })
const nodes = measured.map(({ name }) => machine(name))
const { signal } = new AbortController()

/** A cluster that takes every object, and in which pods become ready or do not. */
function clusterWith(untilReady: () => Promise<void>) {
  const applied: KubernetesObject[] = []
  const apply = async (objects: readonly KubernetesObject[]) => void applied.push(...objects)
  return { applied, cluster: { apply, untilReady } as unknown as Cluster }
}

describe('agents', () => {
  it('are a pod on each node, bound to it', async () => {
    const { applied, cluster } = clusterWith(async () => undefined)
    await agentsOf({ cluster, run: RUN, image: 'busybox:1' }).start(nodes, signal)
    const placed = applied.map(({ metadata, ...pod }) => [
      metadata.name,
      metadata.namespace,
      (pod['spec'] as { readonly nodeName: string }).nodeName,
    ])
    expect(placed.toSorted()).toEqual([
      ['agent-1', 'meshbench-gp7j', 'one'],
      ['agent-2', 'meshbench-gp7j', 'four'],
      ['agent-3', 'meshbench-gp7j', 'two'],
      ['agent-4', 'meshbench-gp7j', 'three'],
    ])
  })

  it('are asked by what their node is there for, and made anew on a machine that came under the same name', async () => {
    const asked: string[] = []
    const { applied, cluster } = clusterWith(async () => undefined)
    const stream = async function* ({ pod }: { readonly pod: string }) {
      asked.push(pod)
      yield Buffer.from('counters')
    }
    const agents = agentsOf({ cluster: { ...cluster, stream } as unknown as Cluster, run: RUN, image: 'busybox:1' })
    await agents.start(nodes, signal)
    await agents.start(nodes, signal)
    expect(applied).toHaveLength(4)
    await agents.start([machine('one'), machine('two', 'another')], signal)
    expect(applied).toHaveLength(5)
    const onNode = agents.onNode(measured)
    expect(await onNode('client', ['cat'])).toBe('counters')
    await onNode('server', ['cat'])
    await onNode('client-2', ['cat'])
    expect(asked).toEqual(['agent-1', 'agent-5', 'agent-2'])
  })

  it('that do not start are told of with the other way to CPU and memory', async () => {
    const refused = new Error('violates PodSecurity "restricted:latest": hostPath volumes')
    for (const { cluster } of [
      clusterWith(() => Promise.reject(refused)),
      { cluster: { apply: () => Promise.reject(refused) } as unknown as Cluster },
    ]) {
      await expect(agentsOf({ cluster, run: RUN, image: 'busybox:1' }).start(nodes, signal)).rejects.toMatchObject({
        code: 'no-agent',
        why: expect.stringContaining('hostPath volumes'),
        remedy: expect.stringContaining('`cluster: { usage: kubelet }`'),
      })
    }
  })
})
