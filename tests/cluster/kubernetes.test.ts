import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connect.ts'
import { installRelease, uninstallRelease } from '../../src/kubernetes/install/helm.ts'
import type { Failure } from '../../src/model/failure.ts'
import type { KubernetesObject } from '../../src/model/mesh.ts'
import { podsOf, workloadFor } from '../../src/platforms/in-cluster/workload.ts'
import { locate } from '../../src/tools/locate.ts'
import { sharedFolder } from '../temporary-folder.ts'

const wanted = process.env['MESHBENCH_CLUSTER_TESTS'] === '1'
const title = wanted
  ? 'kubernetes, on a cluster'
  : 'kubernetes, on a cluster (skipped: MESHBENCH_CLUSTER_TESTS is not 1)'
const name = `dev-kube-${randomBytes(3).toString('hex')}`
const node = `${name}-control-plane`
const namespace = 'try'
const soon = () => AbortSignal.timeout(120_000)

interface SiteFile {
  readonly kind: { readonly nodeImage: string }
  readonly images: { readonly fortio: string; readonly busybox: string; readonly k6: string }
}

let dir = ''
let kind = ''
let site: SiteFile
let cluster: Cluster

function pod(podName: string, image: string, command: readonly string[]): KubernetesObject {
  const container = { name: 'main', image, imagePullPolicy: 'IfNotPresent', command }
  const metadata = { name: podName, namespace, labels: { app: podName } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  }
}

const readiness = (podName: string) => ({ kind: 'Pod', namespace, name: podName }) as const
const inShell = (script: string) => ({ namespace, pod: 'shell', container: 'main', command: ['sh', '-c', script] })

async function bytesOf(stream: AsyncIterable<Uint8Array>, pause = 0): Promise<number> {
  let bytes = 0
  for await (const part of stream) {
    bytes += part.length
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return bytes
}

describe.skipIf(!wanted)(title, { timeout: 180_000 }, () => {
  beforeAll(async () => {
    dir = sharedFolder()
    kind = (await locate('kind'))?.path ?? 'kind'
    site = parse(await readFile(process.env['MESHBENCH_SITE'] ?? '', 'utf8')) as SiteFile
    const kubeconfig = join(dir, 'kubeconfig')
    await execa(kind, ['create', 'cluster', '--name', name, '--image', site.kind.nodeImage, '--kubeconfig', kubeconfig])
    await execa(kind, ['load', 'docker-image', ...Object.values(site.images), '--name', name])
    cluster = await connect(await readFile(kubeconfig, 'utf8'))
    const objects = [
      pod('shell', site.images.busybox, ['sleep', '36000']),
      pod('server', site.images.fortio, ['fortio', 'server']),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ]
    await cluster.apply(objects, soon())
    await cluster.untilReady([readiness('shell'), readiness('server')], 60, soon())
  }, 300_000)

  afterAll(async () => {
    await cluster?.close()
    await execa('docker', ['unpause', node], { reject: false })
    await execa(kind, ['delete', 'cluster', '--name', name, '--kubeconfig', join(dir, 'kubeconfig')])
  }, 120_000)

  it('runs commands', async () => {
    const said = await cluster.exec({ ...inShell('cat; echo bad >&2; exit 3'), stdin: 'in' }, soon())
    expect(said).toEqual({ exitCode: 3, stdout: 'in', stderr: 'bad\n' })
  })

  it('tells a command that cannot start from one that fails', async () => {
    const refused = { code: 'exec-refused' }
    await expect(cluster.exec({ ...inShell(''), command: ['nonesuch'] }, soon())).rejects.toMatchObject(refused)
    await expect(cluster.exec({ ...inShell(''), pod: 'nonesuch' }, soon())).rejects.toMatchObject(refused)
  })

  it('ends a command that is aborted', async () => {
    await expect(cluster.exec(inShell('sleep 600'), AbortSignal.timeout(500))).rejects.toThrow(/timeout/i)
  })

  it('streams all of an output to a slow reader', async () => {
    expect(await bytesOf(cluster.stream(inShell('head -c 20000000 /dev/zero'), soon()), 2)).toBe(20_000_000)
  })

  it('fails a stream whose command fails', async () => {
    const stream = cluster.stream(inShell('echo x; echo why >&2; exit 4'), soon())
    await expect(bytesOf(stream)).rejects.toMatchObject({ code: 'exec-failed', why: 'why' })
  })

  it('reads the port of a pod, its log, and objects', async () => {
    const where = { namespace, pod: 'server', port: 8080, path: '/debug' }
    expect(await cluster.proxyGet(where)).toContain('GET')
    expect(await cluster.logs(namespace, 'server', 'main', 20)).toContain('fortio')
    expect(await cluster.pods(namespace, { app: 'server' })).toHaveLength(1)
    expect(await cluster.read({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'no', namespace } })).toBeUndefined()
  })

  it('runs every container of the workload where the PodSecurity standard restricted is enforced', async () => {
    const arm = { name: 'none', mesh: 'none' }
    const load = { name: 'k6', protocol: 'http', rate: 1, connections: 1, payload: 0, warmup: 0, duration: 1 } as const
    const loads = [{ ...load, tool: 'k6' } as const]
    const about = {
      arm,
      loads,
      images: site.images,
      enrolment: { objects: [], until: [] },
      run: 'restricted',
      namespace: 'bench',
    }
    const { lasting, pods } = workloadFor(about)
    const enforced = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    const strict = lasting.map((object) =>
      object.kind === 'Namespace'
        ? { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...enforced } } }
        : object,
    )
    // The one node of this cluster is every part, and has too few cores for what all parts ask for together.
    const here = pods.map((one) => {
      const spec = one['spec'] as { containers: readonly object[] }
      const containers = spec.containers.map((container) => ({ ...container, resources: {} }))
      return { ...one, spec: { ...spec, containers, nodeSelector: {} } }
    })
    await cluster.apply([...strict, ...here], soon())
    await cluster.untilReady(podsOf({}, 'bench'), 60, soon())
    const inClient = (container: string, script: string) => ({
      ...{ namespace: 'bench', pod: 'client', container },
      command: ['sh', '-c', script],
    })
    const said = await cluster.exec(inClient('files', 'id -u; echo x >/files/a; cat /files/idle.js'), soon())
    expect(said).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^65532\nimport/) })
    const lax = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'lax', namespace: 'bench' } }
    const refused = cluster.apply([{ ...lax, spec: pod('lax', site.images.busybox, ['sleep', '1'])['spec'] }], soon())
    await expect(refused).rejects.toMatchObject({ why: expect.stringContaining('restricted') })
  })

  it('goes on after the API server was paused', async () => {
    await execa('docker', ['pause', node])
    const asked = cluster.pods(namespace)
    const failure = await cluster.exec(inShell('true'), AbortSignal.timeout(1000)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    await execa('docker', ['unpause', node])
    expect(await asked).toHaveLength(2)
    expect((await cluster.exec(inShell('echo back'), soon())).stdout).toBe('back\n')
    expect(await cluster.proxyGet({ namespace, pod: 'server', port: 8080, path: '/debug' })).toContain('GET')
  })

  it('installs and removes a chart', async () => {
    const { path: helm = 'helm' } = (await locate('helm')) ?? {}
    const chart = join(dir, 'chart')
    await execa(helm, ['create', chart])
    const about = { helm, dir: join(dir, 'own'), kubeconfigFile: join(dir, 'kubeconfig') }
    const release = { ...about, release: 'tried', namespace: 'charts', chart, values: { replicaCount: 0 } }
    await installRelease(release, soon())
    const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'tried-chart', namespace: 'charts' } }
    expect(await cluster.read(made)).toBeDefined()
    await uninstallRelease(release, soon())
    expect(await cluster.read(made)).toBeUndefined()
  })

  it('applies a definition and an object of it at once', async () => {
    const group = 'try.meshbench.io'
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: { group, scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [version] },
    }
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'one', namespace }, size: 1 }
    await cluster.apply([thing, definition], soon())
    expect(await cluster.read(thing)).toMatchObject({ size: 1 })
    await cluster.remove([thing, definition], soon())
    expect(await cluster.read(definition)).toBeUndefined()
  })

  it('gives up early on an image that cannot be had', async () => {
    const broken = pod('broken', 'localhost:1/nonesuch:1', ['x'])
    await cluster.apply([broken], soon())
    const failure = (await cluster.untilReady([readiness('broken')], 100, soon()).catch((e: unknown) => e)) as Failure
    expect(failure.message).toBe('Pod try/broken cannot become ready.')
    expect(failure.why).toContain('localhost:1/nonesuch:1')
    await cluster.remove([broken], soon())
  })

  it('gives up early on a crash loop, with its last words', async () => {
    const crash = pod('crash', site.images.busybox, ['sh', '-c', 'echo my last words; exit 7'])
    await cluster.apply([crash], soon())
    // A first start can pass for a success; a second cannot.
    const restarts = async () => (await cluster.pods(namespace, { app: 'crash' }))[0]?.status?.containerStatuses?.[0]
    await vi.waitUntil(async () => ((await restarts())?.restartCount ?? 0) > 0, { timeout: 60_000, interval: 500 })
    const failure = (await cluster.untilReady([readiness('crash')], 170, soon()).catch((e: unknown) => e)) as Failure
    expect(failure.why).toContain('my last words')
    expect(failure.why).toContain('exit code 7')
    await cluster.remove([crash], soon())
  })
})
