import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { meshes } from '../../../src/meshes/index.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import type { ClusterArm } from '../../../src/platforms/in-cluster/cluster-arm.ts'
import { operationSite, restoreLeft } from '../../../src/platforms/in-cluster/operating/operation-site.ts'
import { movable, workloadFor } from '../../../src/platforms/in-cluster/workload.ts'
import { loadOf } from '../../build/scenario.ts'

const { signal } = new AbortController()
const NODE = 'worker-server'

interface Made extends KubernetesObject {
  readonly spec?: { readonly replicas?: number; readonly unschedulable?: boolean }
}

/** A cluster that keeps what is applied: fields that an apply leaves out are gone, as if all of them were ours. */
function clusterOf(objects: readonly Made[], pods: readonly object[] = []) {
  const all = new Map(objects.map((one) => [`${one.kind} ${one.metadata.name}`, one]))
  const removed: string[] = []
  const cluster = {
    list: async ({ kind }: { kind: string }) => [...all.values()].filter((one) => one.kind === kind),
    apply: async (applied: readonly Made[]) => {
      for (const one of applied) {
        const key = `${one.kind} ${one.metadata.name}`
        const before = all.get(key)
        all.set(key, { ...one, spec: { ...template(before), ...one.spec } } as Made)
      }
    },
    remove: async (gone: readonly KubernetesObject[]) => {
      removed.push(...gone.map(({ metadata: { name } }) => name))
    },
    pods: async (namespace?: string) =>
      (pods as { metadata: { namespace: string } }[]).filter(
        (pod) => namespace === undefined || pod.metadata.namespace === namespace,
      ),
    untilReady: async () => undefined,
  }
  return { cluster: cluster as unknown as Cluster, all, removed }
}

function template(made: Made | undefined): object {
  const { template: of } = (made?.spec ?? {}) as { template?: object }
  return of ? { template: of } : {}
}

const istiod = (annotations?: Readonly<Record<string, string>>): Made => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'istiod', namespace: 'istio-system', ...(annotations && { annotations }) },
  spec: { replicas: 2, ...{ template: { metadata: { labels: { app: 'istiod' } } } } },
})
const node = (name: string, annotations?: Readonly<Record<string, string>>): Made => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, ...(annotations && { annotations }) },
  spec: { unschedulable: annotations !== undefined },
})

function armOn(cluster: Cluster): ClusterArm {
  const kubernetes = meshes['istio-ambient']?.kubernetes
  return {
    ...{ cluster, isConfigured: true, run: 'a-run', nodes: { server: NODE, client: 'c', control: 'k' } },
    of: { kubernetes, about: { namespace: 'bench' }, arm: { name: 'a', mesh: 'istio-ambient' } },
  } as unknown as ClusterArm
}

const SERVER = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'server' }, spec: { template: {} } }

describe('what an operation changes beyond an arm', () => {
  it('is a control plane, which is marked while it is down, and comes back with as many pods', async () => {
    const { cluster, all } = clusterOf([istiod()])
    const site = operationSite(armOn(cluster), SERVER, async () => [])
    expect(await site.stopControlPlane(signal)).toEqual(['istiod'])
    expect(all.get('Deployment istiod')?.spec?.replicas).toBe(0)
    await site.startControlPlane(signal)
    const { spec, metadata } = all.get('Deployment istiod') as Made
    expect([spec?.replicas, metadata.annotations]).toEqual([2, undefined])
  })

  it('is a node, of which pods of other arms, of DaemonSets and of the node itself stay', async () => {
    const pod = (name: string, kind: string, nodeName = NODE, namespace = 'bench') => ({
      metadata: { name, namespace, uid: name, labels: { app: name }, ownerReferences: [{ kind }] },
      spec: { nodeName },
    })
    const pods = [
      pod('server', 'ReplicaSet'),
      pod('ztunnel', 'DaemonSet'),
      pod('static', 'Node'),
      pod('other', 'ReplicaSet', 'c'),
      // One of several load generators, whose output has not been read yet.
      pod('client', 'Job', 'c'),
      pod('waypoint', 'ReplicaSet', NODE, 'bench-other'),
    ]
    const { cluster, all, removed } = clusterOf([node(NODE)], pods)
    const site = operationSite(armOn(cluster), SERVER, async () => [])
    expect(await site.drain(signal)).toBe(1)
    expect(removed).toEqual(['server'])
    expect(all.get(`Node ${NODE}`)?.spec?.unschedulable).toBe(true)
    await site.uncordon()
    expect(all.get(`Node ${NODE}`)?.spec?.unschedulable).toBeUndefined()
    // What stands elsewhere goes back to the node that it prefers.
    expect(removed).toEqual(['server', 'other'])
  })

  it('is found and taken back after a kill, and nothing else is touched', async () => {
    const theirs = node('theirs')
    const { cluster, all } = clusterOf([
      istiod({ 'meshbench.io/scaled-from': '3' }),
      node(NODE, { 'meshbench.io/cordoned-by': 'a-run' }),
      { ...theirs, spec: { unschedulable: true } },
    ])
    await restoreLeft(armOn(cluster), signal)
    expect(all.get('Deployment istiod')?.spec?.replicas).toBe(3)
    expect(all.get(`Node ${NODE}`)?.spec?.unschedulable).toBeUndefined()
    expect(all.get('Node theirs')?.spec?.unschedulable).toBe(true)
  })
})

describe('the server under an operation', () => {
  const images = { fortio: 'fortio:1', k6: 'k6:1', busybox: 'busybox:1' }
  const made = (operation: string) =>
    workloadFor({
      arm: { name: 'none', mesh: 'none' },
      loads: [loadOf({ operation, operationAt: 5 })],
      ...{ images, enrolment: { objects: [], until: [] }, run: 'a-run', namespace: 'bench' },
    })
  const specOf = <Spec>(objects: readonly KubernetesObject[], of: string) => {
    const found = objects.find(({ kind }) => kind === of)
    if (!found) throw new Error(`there is no ${of}`)
    return found['spec'] as Spec
  }
  type Template = { template: { metadata: { labels: object }; spec: Readonly<Record<string, unknown>> } }

  it('is a Deployment whose pods end as shipped ones do', () => {
    const { template } = specOf<Template>(made('server-rollout').pods, 'Deployment')
    expect(template.metadata.labels).toMatchObject({ app: 'server' })
    expect(template.spec).not.toHaveProperty('terminationGracePeriodSeconds')
    expect(template.spec['nodeSelector']).toEqual({ 'meshbench.io/part': 'server' })
  })

  it('may go to the node of the client where its own is drained, and has the port that a policy closes', () => {
    const { template } = specOf<Template>(made('node-drained').pods, 'Deployment')
    expect(template.spec).not.toHaveProperty('nodeSelector')
    expect(JSON.stringify(template.spec['affinity'])).toContain('"values":["server","client"]')
    const ports = (operation: string) =>
      specOf<{ ports: { name: string }[] }>(made(operation).lasting, 'Service').ports.map(({ name }) => name)
    expect(ports('policy-changed')).toEqual(['http', 'tcp'])
    expect(ports('server-rollout')).toEqual(['http'])
  })

  it('leaves what is bound to other nodes as it is', () => {
    const tree = { a: { nodeSelector: { 'meshbench.io/part': 'control' } }, b: [1, null, 'x'] }
    expect(movable(tree)).toEqual(tree)
  })
})
