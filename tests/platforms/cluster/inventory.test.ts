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
  markObjects,
  newInventory,
  ownNamespace,
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

/** Everything that an inventory names, with the marks that a run gives it. */
async function standing(cluster: Cluster, { workloads, namespaces, objects }: Inventory) {
  await cluster.apply(
    [...workloads, ...namespaces].map((name) => ownNamespace(name, RUN)),
    signal,
  )
  const annotations = { 'meta.helm.sh/release-name': 'istio-base', 'meta.helm.sh/release-namespace': 'istio-system' }
  await cluster.apply(
    objects.map(({ apiVersion, kind, metadata: { name } }) => ({ apiVersion, kind, metadata: { name, annotations } })),
    signal,
  )
}

describe('an inventory', () => {
  it('is found again by anybody, and removed in the reverse order, itself last', async () => {
    const { cluster, done, objects } = fakeCluster()
    await writeInventory(cluster, inventory(), signal)
    await standing(cluster, inventory())
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

  it('removes nothing that does not bear the mark of its run, whatever it names', async () => {
    const { cluster, done } = fakeCluster()
    const other = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
    await cluster.apply([other, { ...definition, metadata: { name: 'theirs' } }], signal)
    const forged = inventory({
      ...{ workloads: ['kube-system', 'default'], namespaces: ['production'] },
      releases: [{ release: 'database', namespace: 'production' }],
      objects: [
        { ...definition, metadata: { name: 'theirs' } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'production' } },
        // What istiod makes everywhere, and nothing marks.
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio-ca-root-cert', namespace: 'default' } },
      ],
    })
    await writeInventory(cluster, forged, signal)
    done.length = 0
    await removeInventory(cluster, forged, async ({ release }) => void done.push(`uninstall ${release}`), signal)
    expect(done).toEqual(['remove ConfigMap default/istio-ca-root-cert', 'remove Namespace /meshbench-gp7j'])
  })

  it('marks definitions of a chart that nothing marks', async () => {
    const { cluster, objects } = fakeCluster()
    const { apiVersion, kind, metadata } = inventory().objects[0] as Inventory['objects'][number]
    await cluster.apply([{ apiVersion, kind, metadata: { name: metadata.name } }], signal)
    await markObjects(cluster, inventory(), signal)
    expect(objects.get(`${kind} /${metadata.name}`)?.metadata.labels).toEqual({ 'meshbench.io/run': RUN })
  })

  it('stays where a release cannot be removed, so that it is found again', async () => {
    const { cluster, objects } = fakeCluster()
    await writeInventory(cluster, inventory(), signal)
    await standing(cluster, inventory())
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
