import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import { startAgents } from '../../../src/platforms/cluster/agents.ts'
import { measuredNodes } from '../../../src/platforms/in-cluster/cluster-arm.ts'

const RUN = '20261128T120000Z-gp7j'
const nodes = measuredNodes({ nodes: { client: 'one', server: 'two', control: 'three' }, moreClients: ['four'] })
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
    await startAgents({ cluster, run: RUN, nodes, image: 'busybox:1' }, signal)
    const placed = applied.map(({ metadata, ...pod }) => [
      metadata.name,
      metadata.namespace,
      (pod['spec'] as { readonly nodeName: string }).nodeName,
    ])
    expect(placed.toSorted()).toEqual([
      ['agent-client', 'meshbench-gp7j', 'one'],
      ['agent-client-2', 'meshbench-gp7j', 'four'],
      ['agent-control', 'meshbench-gp7j', 'three'],
      ['agent-server', 'meshbench-gp7j', 'two'],
    ])
  })

  it('that do not start are told of with the other way to CPU and memory', async () => {
    const refused = new Error('violates PodSecurity "restricted:latest": hostPath volumes')
    for (const { cluster } of [
      clusterWith(() => Promise.reject(refused)),
      { cluster: { apply: () => Promise.reject(refused) } as unknown as Cluster },
    ]) {
      await expect(startAgents({ cluster, run: RUN, nodes, image: 'busybox:1' }, signal)).rejects.toMatchObject({
        code: 'no-agent',
        why: expect.stringContaining('hostPath volumes'),
        remedy: expect.stringContaining('`cluster: { usage: kubelet }`'),
      })
    }
  })
})
