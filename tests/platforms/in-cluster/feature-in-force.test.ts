import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import type { Site } from '../../../src/model/site.ts'
import { armMesh } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import type { ClusterArm } from '../../../src/platforms/in-cluster/cluster-arm.ts'
import { featureInForce } from '../../../src/platforms/in-cluster/probing/feature-in-force.ts'

const { signal } = new AbortController()
const SITE = { vendors: {} } as unknown as Site

const of = (feature?: string) =>
  armMesh(
    { name: 'l', mesh: 'linkerd', ...(feature !== undefined && { feature }) },
    { profile: 'equalised', loads: [] },
    SITE,
  )

/** An arm in a cluster that has some objects, whose server answers requests that take long with a status. */
function standing(
  feature: string | undefined,
  there: (object: KubernetesObject) => object | undefined,
  status: () => number,
) {
  const arm = of(feature)
  const cluster = {
    read: async (object: KubernetesObject) => there(object),
    async *stream({ command }: { command: string[] }) {
      for (let i = 0; i < Number(command[3]); i++) {
        yield Buffer.from(`  HTTP/1.1 ${status()} x\n  x: y\n\n@@ ${10 + i}.00 ${10 + i}.50 0\n`)
      }
    },
  }
  return { of: arm, cluster } as unknown as ClusterArm
}

const carried = async () => undefined
const same = (object: KubernetesObject) => object

describe('the objects of a feature', () => {
  it('stand in the namespace of the workload, beside what enrols it', () => {
    const { kubernetes, about } = of('timeouts')
    const without = of().kubernetes.enrol(about).objects
    const { objects } = kubernetes.enrol({ ...about, namespace: 'bench-l' })
    expect(objects.slice(without.length)).toEqual([
      expect.objectContaining({ kind: 'HTTPRoute', metadata: expect.objectContaining({ namespace: 'bench-l' }) }),
    ])
    expect(JSON.stringify(objects.at(-1))).toContain('{"group":"","kind":"Service","name":"server","port":8080}')
  })
})

describe('a feature', () => {
  it('of none is nothing that is waited for', async () => {
    expect(
      await featureInForce(
        standing(undefined, same, () => 200),
        'client',
        carried,
        signal,
      ),
    ).toBeUndefined()
  })

  it('in force is evidence after each window, by requests and by its objects', async () => {
    let status = 504
    const evidence = await featureInForce(
      standing('timeouts', same, () => status),
      'client',
      carried,
      signal,
    )
    expect(await evidence?.(signal)).toEqual({
      name: 'feature',
      holds: true,
      seen: 'Timeouts: requests that take 1.4 s: 2 × 504 after at most 0.50 s; HTTPRoute bench/probe is there',
      source: 'objects, and requests after the window',
    })
    status = 200
    expect(await evidence?.(signal)).toMatchObject({ holds: false, seen: expect.stringContaining('2 × 200') })
  })

  it('whose objects go away, or are not accepted, is not in force', async () => {
    let there: (object: KubernetesObject) => object | undefined = same
    const arm = standing(
      'timeouts',
      (object) => there(object),
      () => 504,
    )
    const evidence = await featureInForce(arm, 'client', carried, signal)
    there = () => undefined
    expect(await evidence?.(signal)).toMatchObject({ holds: false, seen: expect.stringContaining('is not there') })
    const conditions = [{ type: 'Accepted', status: 'False', message: 'no such parent' }]
    there = (object) => ({ ...object, status: { parents: [{ conditions }] } })
    expect(await evidence?.(signal)).toMatchObject({ holds: false, seen: expect.stringContaining('no such parent') })
  })

  it('whose object is not there fails the visit, with the reason', async () => {
    const missing = featureInForce(
      standing(
        'timeouts',
        () => undefined,
        () => 504,
      ),
      'client',
      carried,
      signal,
    )
    await expect(missing).rejects.toMatchObject({ code: 'no-feature', why: 'HTTPRoute bench/probe is not there' })
  })

  it('that no request can show is seen by its objects alone', async () => {
    const evidence = await featureInForce(
      standing('circuit-breaking', same, () => 500),
      'client',
      carried,
      signal,
    )
    expect(await evidence?.(signal)).toMatchObject({ holds: true, source: 'objects after the window' })
  })

  it('that is an annotation is not in force where its object is there without it, or with another value', async () => {
    let annotations: object | undefined
    const arm = standing(
      'circuit-breaking',
      (object) => (annotations ? { ...object, metadata: { ...object.metadata, annotations } } : object),
      () => 500,
    )
    const evidence = await featureInForce(arm, 'client', carried, signal)
    const lacking = { holds: false, seen: expect.stringContaining('lacks the annotation balancer.linkerd.io/') }
    annotations = {}
    expect(await evidence?.(signal)).toMatchObject(lacking)
    annotations = { 'balancer.linkerd.io/failure-accrual': 'none' }
    expect(await evidence?.(signal)).toMatchObject(lacking)
  })

  it('whose policy says itself that it is not accepted is not in force', async () => {
    let status: object | undefined
    const arm = standing(
      'rate-limit-local',
      (object) => ({ ...object, status }),
      () => 200,
    )
    const evidence = await featureInForce(arm, 'client', carried, signal)
    expect(await evidence?.(signal)).toMatchObject({ holds: true })
    status = { conditions: [{ type: 'Accepted', status: 'False', message: 'conflicts with another' }] }
    expect(await evidence?.(signal)).toMatchObject({ holds: false, seen: expect.stringContaining('conflicts with') })
  })
})
