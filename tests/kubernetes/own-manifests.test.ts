import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { fitted, isChart, ownManifests } from '../../src/kubernetes/install/own-manifests.ts'
import { Failure } from '../../src/model/failure.ts'
import type { KubernetesObject } from '../../src/model/mesh.ts'
import { testFolder } from '../temporary-folder.ts'

const { signal } = new AbortController()
const entrance = { service: 'web', port: 80, path: '/', method: 'GET', headers: {}, expectedStatus: 200 } as const

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }`
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, tier: front } }
    spec: { containers: [{ name: nginx, image: nginx:1 }], initContainers: [{ name: init, image: busybox:1 }] }`

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = testFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Beside a healthy Deployment and its Service. */
const read = (more = '', others: Partial<typeof entrance> = {}) =>
  ownManifests(
    { manifests: folderWith({ 'a.yaml': SERVICE, 'b.yaml': DEPLOYMENT, 'c.yaml': more }) },
    { entrance: { ...entrance, ...others } as never },
    'bench',
    undefined,
    signal,
  )

const refusal = async (reading: Promise<unknown>): Promise<Failure> => {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Failure)
  return error as Failure
}

const object = (kind: string, rest = '', apiVersion = 'v1') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: mine }\n${rest}`

describe('the manifests of an application', () => {
  it('are split into what lasts and what runs, with every image', async () => {
    const { lasting, running, images } = await read(object('ConfigMap'))
    expect(lasting.map(({ kind }) => kind).toSorted()).toEqual(['ConfigMap', 'Service'])
    expect(running).toMatchObject([{ isEntrance: true, containers: ['init', 'nginx'], labels: { app: 'web' } }])
    expect(images.toSorted()).toEqual(['busybox:1', 'nginx:1'])
  })

  it('have an entrance where the Service selects pods, and tiers behind it', async () => {
    const behind = DEPLOYMENT.replaceAll('web', 'cart')
    const { running } = await read(behind)
    expect(running.map(({ object, isEntrance }) => [object.metadata.name, isEntrance])).toEqual([
      ['web', true],
      ['cart', false],
    ])
  })

  it.each([
    [
      'a kind that is cluster-wide',
      object('ClusterRole', '', 'rbac.authorization.k8s.io/v1'),
      /ClusterRole mine cannot be part/,
      /Remove it/,
    ],
    [
      'a definition',
      object('CustomResourceDefinition', '', 'apiextensions.k8s.io/v1'),
      /CustomResourceDefinition mine/,
      /Remove it/,
    ],
    [
      'a kind that is unknown',
      object('VirtualService', '', 'networking.istio.io/v1'),
      /VirtualService mine/,
      /Remove it/,
    ],
    ['a namespace', object('Namespace'), /Namespace mine/, /Remove it/],
    ['a DaemonSet', object('DaemonSet', '', 'apps/v1'), /DaemonSet mine/, /Make it a Deployment/],
    ['a volume that outlives a visit', object('PersistentVolumeClaim'), /PersistentVolumeClaim mine/, /emptyDir/],
    [
      'an autoscaler',
      object('HorizontalPodAutoscaler', '', 'autoscaling/v2'),
      /HorizontalPodAutoscaler/,
      /Set replicas/,
    ],
    [
      'another namespace',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: mine, namespace: prod }',
      /leaves its namespace/,
      /Remove metadata.namespace/,
    ],
    ['a node port', object('Service', 'spec: { type: NodePort }'), /Service mine leaves/, /ClusterIP/],
    [
      'a name outside of the cluster',
      object('Service', 'spec: { type: ExternalName }'),
      /Service mine leaves/,
      /ClusterIP/,
    ],
    [
      'the network of the node',
      object('Pod', 'spec: { hostNetwork: true, containers: [{ name: a, image: b }] }'),
      /Pod mine leaves/,
      /Remove it/,
    ],
    [
      'a path of the node',
      object('Pod', 'spec: { volumes: [{ name: v, hostPath: { path: / } }], containers: [{ name: a, image: b }] }'),
      /Pod mine leaves/,
      /emptyDir/,
    ],
    [
      'a port of the node',
      object('Pod', 'spec: { containers: [{ name: a, image: b, ports: [{ hostPort: 80 }] }] }'),
      /Pod mine leaves/,
      /hostPort/,
    ],
    [
      'a container without an image',
      object('Pod', 'spec: { containers: [{ name: a }] }'),
      /without an image/,
      /Name its image/,
    ],
    [
      'claims of a StatefulSet',
      object('StatefulSet', 'spec: { volumeClaimTemplates: [{}], template: {} }', 'apps/v1'),
      /claims volumes/,
      /emptyDir/,
    ],
    [
      'a hook of Helm',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: mine, annotations: { helm.sh/hook: pre-install } }',
      /is a hook of Helm/,
      /Disable it/,
    ],
    [
      'the name of the load generator',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: client }\nspec: { containers: [{ name: a, image: b }] }',
      /name of the load generator/,
      /another name/,
    ],
    ['what is no manifest', 'just: text', /is not a manifest/, /Correct workload.manifests/],
  ])('are refused with %s', async (_, manifest, message, remedy) => {
    const failure = await refusal(read(manifest))
    expect(failure.message).toMatch(message)
    expect(failure.remedy).toMatch(remedy)
  })

  it('leave tests of Helm out', async () => {
    const test =
      'apiVersion: v1\nkind: Pod\nmetadata: { name: try, annotations: { helm.sh/hook: test } }\nspec: { containers: [{ name: a, image: b }] }'
    expect((await read(test)).running).toHaveLength(1)
  })

  it.each([
    [{ service: 'shop' }, /no Service shop/, /Name one of them.*web/],
    [{ port: 8080 }, /has no port 8080/, /80/],
  ])('must have the entrance: %j', async (others, message, remedy) => {
    const failure = await refusal(read('', others as never))
    expect(failure.message).toMatch(message)
    expect(failure.remedy).toMatch(remedy)
  })

  it('must run what the entrance selects', async () => {
    const manifests = folderWith({ 'a.yaml': SERVICE.replace('app: web', 'app: other'), 'b.yaml': DEPLOYMENT })
    const failure = await refusal(ownManifests({ manifests }, { entrance }, 'bench', undefined, signal))
    expect(failure.message).toContain('selects no pod')
  })

  it('have values only where they are a chart', async () => {
    const manifests = folderWith({ 'a.yaml': SERVICE })
    expect(await isChart({ manifests })).toBe(false)
    expect(await isChart({ manifests: folderWith({ 'Chart.yaml': 'name: x' }) })).toBe(true)
    const failure = await refusal(
      ownManifests({ manifests, values: 'v.yaml' }, { entrance }, 'bench', undefined, signal),
    )
    expect(failure.message).toContain('is no Helm chart')
  })
})

describe('fitted', () => {
  const fitting = {
    labels: { tier: 'mine' },
    annotations: { a: 'b' },
    nodeSelector: { part: 'server' },
    image: (name: string) => `local/${name}`,
  }

  it('changes where pods run and what they are made of, and leaves selectors and settings', () => {
    const deployment = parse(DEPLOYMENT) as KubernetesObject
    const found = fitted(deployment, fitting) as unknown as {
      spec: { selector: object; template: { metadata: object; spec: Record<string, unknown> } }
    }
    expect(found.spec.selector).toEqual({ matchLabels: { app: 'web' } })
    expect(found.spec.template.metadata).toEqual({ labels: { app: 'web', tier: 'mine' }, annotations: { a: 'b' } })
    expect(found.spec.template.spec).toMatchObject({
      nodeSelector: { part: 'server' },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'nginx', image: 'local/nginx:1', imagePullPolicy: 'IfNotPresent' }],
      initContainers: [{ name: 'init', image: 'local/busybox:1' }],
    })
  })

  it('removes what would put pods elsewhere', () => {
    const pod = parse(
      object(
        'Pod',
        'spec: { nodeName: n, affinity: {}, topologySpreadConstraints: [], containers: [{ name: a, image: b }] }',
      ),
    ) as KubernetesObject
    const found = fitted(pod, fitting)
    expect(found.metadata).toMatchObject({ name: 'mine', labels: { tier: 'mine' } })
    expect(Object.keys(found['spec'] as object).toSorted()).toEqual([
      'containers',
      'nodeSelector',
      'terminationGracePeriodSeconds',
    ])
  })
})

describe('the example', () => {
  it('can be measured as it stands, with images that are public', async () => {
    const { workload } = parse(readFileSync('examples/own-application/shop.yaml', 'utf8'))
    const found = await ownManifests(
      { manifests: 'examples/own-application/shop' },
      workload,
      'bench',
      undefined,
      signal,
    )
    expect(found.running.map(({ object, isEntrance }) => [object.metadata.name, isEntrance]).toSorted()).toEqual([
      ['catalogue', false],
      ['web', true],
    ])
    expect(found.images).toEqual(['nginx:1.28.0'])
  })
})
