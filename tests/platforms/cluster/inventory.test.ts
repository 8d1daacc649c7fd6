import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { ownIdentity } from '../../../src/host/processes.ts'
import type { Cluster, ListOf, ObjectName } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import {
  armNamespace,
  type Inventory,
  inventoriesIn,
  leftoverOf,
  newInventory,
  removeInventory,
  runNamespace,
  writeInventory,
} from '../../../src/platforms/cluster/inventory.ts'

const { signal } = new AbortController()
const RUN = '2026-11-28T2307-anywhere-gp7j'

/** A cluster that keeps what is applied, and what is done to it, in order. */
function fakeCluster() {
  const objects = new Map<string, KubernetesObject>()
  const done: string[] = []
  const keyOf = ({ kind, metadata }: ObjectName) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
  const cluster = {
    apply: async (all: readonly KubernetesObject[]) => {
      for (const one of all) {
        done.push(`apply ${keyOf(one)}`)
        objects.set(keyOf(one), one)
      }
    },
    remove: async (all: readonly ObjectName[]) => {
      for (const one of all) {
        done.push(`remove ${keyOf(one)}`)
        objects.delete(keyOf(one))
        if (one.kind !== 'Namespace') continue
        for (const [key, inner] of objects) if (inner.metadata.namespace === one.metadata.name) objects.delete(key)
      }
    },
    read: async (one: ObjectName) => objects.get(keyOf(one)),
    list: async ({ kind, labels = {} }: ListOf) =>
      [...objects.values()].filter(
        (one) =>
          one.kind === kind && Object.entries(labels).every(([key, value]) => one.metadata.labels?.[key] === value),
      ),
  } as unknown as Cluster
  return { cluster, done, objects }
}

const inventory = (changes: Partial<Inventory> = {}): Inventory => ({
  ...newInventory(RUN, {
    workloads: [armNamespace(RUN, 'none'), armNamespace(RUN, 'istio-sidecar')],
    releases: [
      { release: 'istio-base', namespace: 'istio-system' },
      { release: 'istiod', namespace: 'istio-system' },
    ],
    namespaces: ['istio-system'],
    objects: [
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'sidecars' } },
    ],
  }),
  ...changes,
})

describe('names of namespaces', () => {
  it('are of the run, and no longer than Kubernetes takes', () => {
    expect(runNamespace(RUN)).toBe('meshbench-gp7j')
    expect(armNamespace(RUN, 'Istio Sidecar_2')).toBe('meshbench-gp7j-istio-sidecar-2')
    expect(armNamespace(RUN, 'x'.repeat(80))).toHaveLength(63)
  })
})

describe('an inventory', () => {
  it('is found again by anybody, and removed in the reverse order, itself last', async () => {
    const { cluster, done, objects } = fakeCluster()
    await writeInventory(cluster, inventory(), signal)
    const [found] = await inventoriesIn(cluster)
    expect(found).toEqual(inventory())
    done.length = 0
    await removeInventory(
      cluster,
      found as Inventory,
      async ({ release }) => void done.push(`uninstall ${release}`),
      signal,
    )
    expect(done).toEqual([
      'remove Namespace /meshbench-gp7j-none',
      'remove Namespace /meshbench-gp7j-istio-sidecar',
      'uninstall istiod',
      'uninstall istio-base',
      'remove CustomResourceDefinition /sidecars',
      'remove Namespace /istio-system',
      'remove Namespace /meshbench-gp7j',
    ])
    expect(objects.size).toBe(0)
    expect(await inventoriesIn(cluster)).toEqual([])
  })

  it('stays where a release cannot be removed, so that it is found again', async () => {
    const { cluster, objects } = fakeCluster()
    await writeInventory(cluster, inventory(), signal)
    const broken = removeInventory(cluster, inventory(), () => Promise.reject(new Error('no helm')), signal)
    await expect(broken).rejects.toThrow('no helm')
    expect(await inventoriesIn(cluster)).toHaveLength(1)
    expect(objects.has('Namespace /meshbench-gp7j')).toBe(true)
  })

  it('that was never written, or is damaged, leaves the namespaces with their labels', async () => {
    const { cluster, objects } = fakeCluster()
    await writeInventory(cluster, inventory(), signal)
    const key = [...objects.keys()].find((name) => name.startsWith('ConfigMap')) ?? ''
    const map = objects.get(key) as KubernetesObject
    objects.set(key, { ...map, data: { inventory: '{' } })
    const labels = objects.get('Namespace /meshbench-gp7j')?.metadata.labels ?? {}
    objects.set('Namespace /meshbench-gp7j-none', {
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name: 'meshbench-gp7j-none', labels },
    })
    const [found] = await inventoriesIn(cluster)
    expect(found).toMatchObject({ run: RUN, workloads: ['meshbench-gp7j-none'], releases: [], objects: [] })
  })
})

describe('what a run left in a cluster', () => {
  const left = (owner: Inventory['owner']) => leftoverOf(inventory({ owner }), 'test', async () => undefined)

  it('is in use while its process runs, on this machine', () => {
    expect(left({ ...ownIdentity(), host: hostname() })).toMatchObject({ run: RUN, alive: true })
    expect(left({ pid: 2 ** 22 + 1, start: '1', host: hostname() })).toMatchObject({ alive: false })
  })

  it('of another machine is assumed to be in use, and says whose it is', () => {
    const other = left({ pid: 1, start: '1', host: 'build-7' })
    expect(other).toMatchObject({ alive: true, what: expect.stringContaining('made by machine build-7') })
  })
})
