import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { installAbout } from '../../../src/meshes/install-steps.ts'
import { istioAmbient } from '../../../src/meshes/istio-ambient.ts'
import { istioAmbientWaypoint } from '../../../src/meshes/istio-ambient-waypoint.ts'
import { linkerd } from '../../../src/meshes/linkerd.ts'
import { none } from '../../../src/meshes/none.ts'
import type { KubernetesObject, Mesh } from '../../../src/model/mesh.ts'
import type { ClusterArm } from '../../../src/platforms/in-cluster/cluster-arm.ts'
import { answersOf, openProbeSite } from '../../../src/platforms/in-cluster/probing/probe-site.ts'

const captured = (name: string) => readFileSync(`tests/captured/busybox/${name}.txt`, 'utf8')
const { signal } = new AbortController()

describe('answers of the client of probes', () => {
  const answers = answersOf(captured('wget'), 'http')

  it('have status, headers, body and time of what busybox printed', () => {
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200, undefined, undefined])
    expect(answers[0]?.headers).toMatchObject({ 'content-type': 'text/plain; charset=UTF-8', 'content-length': '278' })
    expect(answers[0]?.body).toContain('X-Canary: yes')
    expect(answers[2]?.headers['x-b']).toBe('1')
    expect(answers[2]?.seconds).toBeCloseTo(0.2, 1)
  })

  it('have no status where nothing listens, and where the time is over', () => {
    expect(answers[3]?.body).toContain('Connection refused')
    expect(answers[4]?.seconds).toBeCloseTo(1, 1)
  })

  it('of raw TCP are answers where the text comes back', () => {
    expect(answersOf(captured('nc'), 'tcp').map(({ status }) => status)).toEqual([200, 200])
    expect(answersOf('\n@@ 1.00 1.50 1\n', 'tcp')).toEqual([{ headers: {}, body: '', seconds: 0.5 }])
  })
})

describe('what probes need in a namespace', () => {
  async function made(mesh: Mesh = linkerd, state: object = { running: {} }) {
    const readLogs: string[] = []
    const applied: KubernetesObject[] = []
    const removed: KubernetesObject[] = []
    const about = { ...installAbout(mesh, 'defaults', { name: 'a' }, {}), namespace: 'bench-a' }
    const cluster = {
      apply: async (objects: KubernetesObject[]) => void applied.push(...objects),
      remove: async (objects: KubernetesObject[]) => void removed.push(...objects),
      untilReady: async () => {},
      read: async () => ({ status: { succeeded: 1 } }),
      pods: async (namespace: string, labels: Record<string, string>) => [
        {
          metadata: { name: `a-${Object.values(labels)[0]}`, namespace },
          spec: { initContainers: [{ name: 'linkerd-proxy' }], containers: [{ name: 'istio-proxy' }] },
          status: {
            podIP: '10.0.0.9',
            initContainerStatuses: [{ name: 'linkerd-proxy', state }],
            containerStatuses: [{ name: 'istio-proxy', state }],
          },
        },
      ],
      logs: async (...[namespace, pod, container]: string[]) => {
        readLogs.push(`${namespace} ${pod} ${container}`)
        return `GET /one\nGET /two of ${pod}\n`
      },
    }
    const images = { fortio: 'fortio:1', busybox: 'busybox:1', k6: 'k6:1' }
    const of = { kubernetes: mesh.kubernetes, about }
    const arm = { cluster, of, images, run: 'r', placed: <T>(tree: T) => tree } as unknown as ClusterArm
    return { site: await openProbeSite(arm, signal), applied, removed, readLogs }
  }

  it('is in the namespace of the arm and in one outside of the mesh, with the images of the site', async () => {
    const { site, applied } = await made()
    expect(site.namespace).toBe('bench-a')
    const places = new Set(applied.map(({ metadata }) => metadata.namespace))
    expect(places).toEqual(new Set(['bench-a', 'bench-a-outside', undefined]))
    const pods = applied.filter(({ kind }) => kind === 'Pod')
    expect(pods).toHaveLength(7)
    for (const pod of pods) {
      const { containers } = pod['spec'] as { containers: { image: string }[] }
      for (const { image } of containers) expect(image).toMatch(/:1$/)
    }
    expect(applied.every(({ metadata }) => metadata.labels?.['meshbench.io/run'] === 'r')).toBe(true)
  })

  it('is again as it was after an object that a probe changed is removed', async () => {
    const { site, applied, removed } = await made()
    const service = applied.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'probe-mixed')
    if (!service) throw new Error('no such Service')
    const annotated = { ...service, metadata: { ...service.metadata, annotations: { a: 'b' } } }
    const route = { apiVersion: 'v1', kind: 'HTTPRoute', metadata: { name: 'probe', namespace: 'bench-a' } }
    await site.remove([annotated, route], signal)
    expect(removed).toEqual([route])
    expect(applied.at(-1)).toEqual(service)
  })

  it('has an address outside of the mesh', async () => {
    const { site } = await made()
    expect(site.outside).toEqual({ namespace: 'bench-a-outside', address: '10.0.0.9' })
  })

  it('is a pod made anew where a probe annotates it, and made anew as it was after that', async () => {
    const { site, applied, removed } = await made()
    const pod = applied.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === 'probe-v1')
    const annotated = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe-v1', annotations: { a: 'b' } } }
    await site.apply([annotated], signal)
    expect(removed).toEqual([annotated])
    expect(applied.at(-1)).toMatchObject({ spec: pod?.['spec'], metadata: { annotations: { a: 'b' } } })
    const count = applied.length
    await site.remove([annotated], signal)
    expect(removed.slice(1)).toEqual([pod])
    expect(applied.slice(count)).toEqual([pod])
    await site.remove([annotated], signal)
    expect([removed.length, applied.length]).toEqual([2, count + 1])
  })

  it.each([
    ['beside the versions', linkerd, ['bench-a a-probe-versions linkerd-proxy']],
    ['of the waypoint', istioAmbientWaypoint, ['bench-a a-waypoint istio-proxy']],
    ['of the nodes', istioAmbient, ['istio-system a-ztunnel istio-proxy']],
    ['nowhere', none, []],
  ])('reads the logs of the proxies that see most of a request: %s', async (_, mesh, where) => {
    const { site, readLogs } = await made(mesh)
    const lines = await site.logged('proxies', 'two', signal)
    expect(readLogs).toEqual(where)
    expect(lines).toEqual(where.map((one) => `GET /two of ${one.split(' ')[1]}`))
  })

  it('reads no log of a container that has not started', async () => {
    const { site, readLogs } = await made(linkerd, { waiting: {} })
    expect([await site.logged('proxies', 'two', signal), readLogs]).toEqual([[], []])
  })

  it('gives the pods of a Job the images of the site, and says what has become of it', async () => {
    const { site, applied } = await made()
    const spec = { template: { spec: { containers: [{ name: 'once', image: 'busybox' }] } } }
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'probe', namespace: 'bench-a' }, spec }
    await site.apply([job], signal)
    expect(applied.at(-1)).toMatchObject({
      metadata: { name: 'probe' },
      spec: { template: { spec: { containers: [{ name: 'once', image: 'busybox:1' }] } } },
    })
    const done = { ended: true, containers: ['linkerd-proxy', 'istio-proxy'], isEnrolled: true }
    expect(await site.job('probe', signal)).toEqual(done)
  })

  it('reads what the receiver of spans logs', async () => {
    const { site, readLogs } = await made()
    await site.logged('spans', 'two', signal)
    expect(readLogs).toEqual(['bench-a-outside probe-beyond spans'])
  })

  it('is removed with all that was made', async () => {
    const { site, applied, removed } = await made()
    await site[Symbol.asyncDispose]()
    expect(removed).toEqual(applied)
  })
})
