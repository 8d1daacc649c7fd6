import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { istioAmbient } from '../../../src/meshes/istio-ambient.ts'
import { istioSidecar } from '../../../src/meshes/istio-sidecar.ts'
import type { ContainerFact, Enrolment, PodFact } from '../../../src/model/mesh.ts'
import {
  applicationFindings,
  asServers,
  digestOfApplication,
  entranceOf,
  readApplication,
  readinessOf,
} from '../../../src/platforms/in-cluster/own-application.ts'
import { makePods, podsOf, removePods, workloadFor } from '../../../src/platforms/in-cluster/workload.ts'
import { loadOf } from '../../build/scenario.ts'
import { testFolder } from '../../temporary-folder.ts'

const { signal } = new AbortController()
const entrance = {
  service: 'web',
  port: 8000,
  path: '/a?b=1',
  method: 'GET',
  headers: {},
  expectedStatus: 200,
} as const
const deployment = (name: string, kind = 'Deployment', more = '') => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  ${more}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: '${name}:1' }] }`
const FILES = {
  'service.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 8000 }] }',
  'web.yaml': deployment('web'),
  'db.yaml': deployment('db', 'StatefulSet', 'replicas: 2'),
  'job.yaml':
    'apiVersion: batch/v1\nkind: Job\nmetadata: { name: fill }\nspec: { template: { spec: { containers: [{ name: main, image: fill:1 }] } } }',
}

function folder(files: Readonly<Record<string, string>> = FILES): string {
  const place = testFolder()
  for (const [path, text] of Object.entries(files)) writeFileSync(join(place, path), text)
  return place
}

async function application(ready?: readonly string[]) {
  const workload = { manifests: 'shop', entrance, ...(ready && { ready }) }
  const found = await readApplication(
    { workload },
    { manifests: folder() },
    { namespace: 'bench', image: 'fortio:1' },
    signal,
  )
  if (!found) throw new Error('there is an application')
  return found
}

const images = { fortio: 'fortio:1', k6: 'k6:1', busybox: 'busybox:1' }
const about = {
  arm: { name: 'none', mesh: 'none' },
  loads: [loadOf({ payload: 0 })],
  images,
  run: 'a-run',
  namespace: 'bench',
}
const enrolment: Enrolment = {
  objects: [],
  until: [],
  podAnnotations: { proxy: 'yes' },
  entranceLabels: { canonical: 'server' },
}

describe('an application of the user’s as the workload of an arm', () => {
  it('stands in place of our server, in the namespace of the arm, with its stamp', async () => {
    const { lasting, pods } = workloadFor({ ...about, enrolment, application: await application() })
    expect(lasting.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace bench',
      'ServiceAccount client',
      'Service web',
    ])
    expect(pods.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'Deployment web',
      'Job fill',
      'Pod client',
      'StatefulSet db',
    ])
    for (const { metadata, kind } of [...lasting, ...pods]) {
      expect(metadata.labels?.['meshbench.io/run']).toBe('a-run')
      if (kind !== 'Namespace') expect(metadata.namespace).toBe('bench')
    }
  })

  it('has pods on the node of the server, enrolled, and marked by what runs them', async () => {
    const { pods } = workloadFor({
      ...about,
      enrolment,
      application: await application(),
      imageOf: (name) => `here/${name}`,
    })
    const template = (name: string) => {
      const spec = pods.find(({ metadata }) => metadata.name === name)?.['spec'] ?? {}
      return (spec as { template: Record<string, Record<string, unknown>> }).template
    }
    expect(template('web')).toMatchObject({
      metadata: {
        labels: { app: 'web', 'meshbench.io/tier': 'web', canonical: 'server' },
        annotations: { proxy: 'yes' },
      },
      spec: { nodeSelector: { 'meshbench.io/part': 'server' }, containers: [{ image: 'here/web:1' }] },
    })
    expect(template('db')['metadata']?.['labels']).toEqual({ app: 'db', 'meshbench.io/tier': 'db' })
  })

  it('is waited for whole, or as far as it is said', async () => {
    const names = (found: readonly { kind: string; name: string }[]) => found.map(({ kind, name }) => `${kind} ${name}`)
    expect(names(podsOf({}, 'bench', await application())).toSorted()).toEqual([
      'Deployment web',
      'Pod client',
      'Pod db-0',
      'Pod db-1',
    ])
    expect(names(readinessOf(await application(['Deployment/web']), 'bench'))).toEqual(['Deployment web'])
    const wrong = await application(['deployment/cart'])
    expect(() => readinessOf(wrong, 'bench')).toThrow(/names deployment\/cart/)
  })

  it('is removed with the visit, and made anew with the next', async () => {
    const asked: string[] = []
    const cluster = {
      remove: async (objects: { kind: string; metadata: { name: string } }[]) =>
        void asked.push(...objects.map(({ kind, metadata }) => `- ${kind} ${metadata.name}`)),
      apply: async (objects: { kind: string }[]) => void asked.push(...objects.map(({ kind }) => `+ ${kind}`)),
    } as unknown as Cluster
    const of = { arm: {}, about: { namespace: 'bench' }, application: await application() }
    await removePods(cluster, of, signal)
    expect(asked.toSorted()).toEqual(['- Deployment web', '- Job fill', '- Pod client', '- StatefulSet db'])
    asked.length = 0
    await makePods(cluster, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }], of, signal)
    expect(asked.at(-1)).toBe('+ Pod')
    expect(asked).toHaveLength(5)
  })

  it('is asked at its entrance; a script appends its own path', async () => {
    const own = await application()
    expect(entranceOf(own, 'ns', {})).toBe('http://web.ns.svc.cluster.local:8000/a?b=1')
    expect(entranceOf(own, 'ns', { script: 'my.js' })).toBe('http://web.ns.svc.cluster.local:8000/')
  })

  it('has the labels by which ambient’s counters call it the server', () => {
    expect(istioAmbient.kubernetes?.enrol({ settings: {} } as never).entranceLabels).toEqual({
      'service.istio.io/canonical-name': 'server',
    })
    expect(istioSidecar.kubernetes).toBeDefined()
  })
})

describe('its pods', () => {
  const container = (name: string): ContainerFact => ({
    name,
    image: '',
    imageId: '',
    id: '',
    restarts: 0,
    ready: true,
    env: {},
  })
  const pod = (name: string, labels: Record<string, string>): PodFact => ({
    ...{ name, namespace: 'bench', uid: name, labels, annotations: {}, node: 'server', address: '' },
    containers: [container('main'), container('istio-proxy')],
  })

  it('are the server at the entrance, and tiers behind it; proxies keep their names', async () => {
    const pods = [
      pod('web-x', { app: 'web', 'meshbench.io/tier': 'web' }),
      pod('db-0', { app: 'db', 'meshbench.io/tier': 'db' }),
    ]
    const [web, db] = asServers(pods, await application())
    expect(web).toMatchObject({ labels: { app: 'server' }, containers: [{ name: 'server' }, { name: 'istio-proxy' }] })
    expect(web).not.toHaveProperty('tier')
    expect(db).toMatchObject({ labels: { app: 'server' }, tier: 'db' })
  })

  it('stay as they are where nothing marks them, or without an application', async () => {
    const other = pod('istiod', { app: 'istiod' })
    expect(asServers([other], await application())).toEqual([other])
    expect(asServers([other], undefined)).toEqual([other])
  })
})

describe('before a run', () => {
  const workload = { manifests: 'shop', entrance }

  it('names what will run, or what is wrong with it', async () => {
    const good = await applicationFindings({ workload }, { manifests: folder() }, 'bench')
    expect(good).toMatchObject([{ severity: 'ok', message: expect.stringContaining('Deployment web') }])
    const bad = await applicationFindings({ workload }, { manifests: folder({ 'a.yaml': FILES['web.yaml'] }) }, 'bench')
    expect(bad).toMatchObject([{ severity: 'error', message: expect.stringContaining('no Service web') }])
    expect(await applicationFindings({}, undefined, 'bench')).toEqual([])
  })

  it('leaves a chart to the run, which has helm', async () => {
    const found = await applicationFindings(
      { workload },
      { manifests: folder({ 'Chart.yaml': 'name: shop' }) },
      'bench',
    )
    expect(found).toMatchObject([{ severity: 'ok', message: expect.stringContaining('when a run renders it') }])
  })

  it('has a checksum of all files, and of values', async () => {
    const manifests = folder()
    const before = await digestOfApplication({ manifests })
    expect(await digestOfApplication({ manifests: folder() })).toBe(before)
    const values = join(folder({ 'v.yaml': 'a: 1' }), 'v.yaml')
    expect(await digestOfApplication({ manifests, values })).not.toBe(before)
    writeFileSync(join(manifests, 'web.yaml'), `${FILES['web.yaml']}\n# changed`)
    expect(await digestOfApplication({ manifests })).not.toBe(before)
    await expect(digestOfApplication({ manifests: '/nowhere/at/all' })).rejects.toThrow(/cannot be read/)
  })
})
