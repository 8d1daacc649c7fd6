import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import type { Arm } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { armMesh, installationTime } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import { type SharedCluster, standSideBySide } from '../../../src/platforms/in-cluster/shared-cluster.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { none, scenarioOf } from '../../build/scenario.ts'

const { signal } = new AbortController()
const again: Arm = { name: 'none-again', mesh: 'none' }

/** Two arms without a mesh in a cluster that is asked for nothing beyond readiness: what is done in it, and the removals that are open. */
async function twoArms() {
  const done: string[] = []
  const removals: PromiseWithResolvers<void>[] = []
  const cluster = {
    apply: async (objects: readonly KubernetesObject[]) => {
      for (const { kind, metadata } of objects) {
        if (kind === 'Pod') done.push(`make ${metadata.name} of ${metadata.namespace}`)
      }
    },
    remove: async (objects: readonly KubernetesObject[]) => {
      const [first] = objects
      done.push(`remove those of ${first?.metadata.namespace}`)
      const removal = Promise.withResolvers<void>()
      removals.push(removal)
      await removal.promise
    },
    untilReady: async () => undefined,
    pods: async () => {
      done.push('look')
      throw new Failure('unreachable', 'this cluster has no pods to look at')
    },
  } as unknown as Cluster
  const scenario = scenarioOf({ arms: [none, again] })
  const shared = {
    ...{ cluster, plan: makePlan(scenario), run: 'r', site: PUBLIC_SITE, images: PUBLIC_SITE.images, env: {} },
    ...{ before: [], facts: [], ownNamespaces: [], nodes: { client: 'a', server: 'b', control: 'c' } },
    placed: <Tree>(tree: Tree) => tree,
    helm: { path: 'helm' },
  } as unknown as SharedCluster
  const arms = [none, again].map((arm) => {
    const of = armMesh(arm, scenario, PUBLIC_SITE)
    return { ...of, about: { ...of.about, namespace: arm.name } }
  })
  const standing = standSideBySide(shared, arms, signal)
  let next = await standing.next()
  while (!next.done) next = await standing.next()
  const { raise, lower } = next.value
  const raised = async (arm: Arm) => {
    const steps = raise(arm, signal)
    while (!(await steps.next()).done);
  }
  return { done, removals, raised, lower }
}

describe('visits of arms that share a cluster', () => {
  it('begin while the pods of the one before go, and look at the cluster when those are gone', async () => {
    const { done, removals, raised, lower } = await twoArms()
    await lower(none)
    const visit = raised(again)
    const ended = expect(visit).rejects.toThrow('no pods to look at')
    // What a visit removes before it makes its own pods.
    await expect.poll(() => removals.length).toBe(2)
    removals[1]?.resolve()
    await expect.poll(() => done).toContain('make client of none-again')
    expect(done).not.toContain('look')
    removals[0]?.resolve()
    await ended
    expect(done.at(-1)).toBe('look')
  })

  it('wait for the pods of the one before where it was of the same arm', async () => {
    const { done, removals, raised, lower } = await twoArms()
    await lower(none)
    const visit = raised(none)
    const ended = expect(visit).rejects.toThrow('no pods to look at')
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toEqual(['remove those of none'])
    removals[0]?.resolve()
    await expect.poll(() => removals.length).toBe(2)
    removals[1]?.resolve()
    await ended
  })

  it('send no request beside pods that stay, and end the run', async () => {
    const { done, removals, raised, lower } = await twoArms()
    await lower(none)
    const visit = raised(again)
    const ended = expect(visit).rejects.toThrow('it stays')
    await expect.poll(() => removals.length).toBe(2)
    removals[1]?.resolve()
    removals[0]?.reject(new Failure('not-removed', 'it stays'))
    await ended
    expect(done).not.toContain('look')
    await expect(lower(again)).rejects.toThrow('it stays')
  })
})

describe('the time of an installation', () => {
  it('is evidence of an arm whose mesh was installed, and of no other', () => {
    expect(installationTime(undefined)).toEqual([])
    expect(installationTime(24.2)).toEqual([
      { name: 'installation-time', seen: expect.stringMatching(/^24 s from its first object/), source: 'clock' },
    ])
  })
})
