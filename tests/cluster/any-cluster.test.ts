import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connect.ts'
import { chartCache } from '../../src/kubernetes/install/chart-cache.ts'
import { chartAddress, installRelease } from '../../src/kubernetes/install/helm.ts'
import type { KubernetesObject } from '../../src/model/mesh.ts'
import type { Evidence } from '../../src/model/usage.ts'
import { armMesh, imagesOf } from '../../src/platforms/in-cluster/arm-mesh.ts'
import { readSite } from '../../src/site/read-site.ts'
import { random } from '../../src/stats/random.ts'
import { locate } from '../../src/tools/locate.ts'
import { cuttingProxy } from '../kubernetes/exec-server.ts'
import { sharedFolder } from '../temporary-folder.ts'
import { asServiceAccount, minutes, OWN, onClusters, planOf } from './clusters.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const NAME = `any-${OWN}`
const CONTEXT = `kind-${NAME}`
/** How often a run is killed: twice in CI; `MESHBENCH_KILLS=20` is a long look. */
const KILLS = Number(process.env['MESHBENCH_KILLS'] ?? 2)
/** So many that the run is hardly ever at its end before the last kill. */
const BLOCKS = KILLS + 1
/** Longer than such a run takes on two cores, so that the moments fall into all of it. */
const LONGEST = 120_000
interface Of {
  readonly blocks?: number
  readonly arms?: string
  readonly duration?: string
}
const scenario = (cluster: string, { blocks = 1, arms = 'none, istio-sidecar', duration = '1s' }: Of = {}) => `
name: anywhere
platform: cluster
cluster: ${cluster}
blocks: ${blocks}
idle: 1s
arms: [${arms}]
loads: [{ name: http, rate: 100/s, connections: 2, warmup: 0s, duration: ${duration} }]
`
/** Of a proxy before the API server, in milliseconds: shorter than a load. */
const CUT = 4000
const ZONE = 'topology.kubernetes.io/zone'

describe(...onClusters("somebody else's cluster"), () => {
  const dir = sharedFolder()
  const kubeconfig = join(dir, 'kubeconfig')
  const moments = random(Date.now() >>> 0, 'kills')
  let kind = 'kind'
  let cluster: Cluster
  const soon = () => AbortSignal.timeout(60_000)

  beforeAll(async () => {
    kind = (await locate('kind'))?.path ?? kind
    const site = await readSite(undefined, process.env)
    const nodes = ['control-plane', 'worker', 'worker', 'worker'].map((role) => `{ role: ${role} }`)
    const config = join(dir, 'kind.yaml')
    writeFileSync(config, `kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [${nodes.join(', ')}]\n`)
    const create = ['create', 'cluster', '--name', NAME, '--image', site.kind.nodeImage, '--config', config]
    await execa(kind, [...create, '--kubeconfig', kubeconfig, '--wait', '180s'])
    const images = imagesOf(planOf(scenario('{}')).scenario, site).filter((image) => image !== site.kind.nodeImage)
    await execa(kind, ['load', 'docker-image', ...images, '--name', NAME])
    cluster = await connect(readFileSync(kubeconfig, 'utf8'))
    writeFileSync(join(dir, 'install.yaml'), scenario('{ provision: install }', { blocks: BLOCKS }))
    const far = '{ name: far, mesh: none, placement: cross-zone }'
    const arms = `none, istio-sidecar, ${far}`
    writeFileSync(join(dir, 'existing.yaml'), scenario('{ provision: existing }', { arms, duration: '6s' }))
  }, minutes(10))

  afterAll(async () => {
    await cluster?.close()
    await execa(kind, ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig])
  }, minutes(3))

  const meshbench = async (args: readonly string[], config = kubeconfig) => {
    const env = { KUBECONFIG: config }
    return await execa(process.execPath, [MAIN, ...args], { cwd: dir, env, reject: false, all: true })
  }
  // Also where a busy machine makes the whole first block invalid.
  const use = ['--context', CONTEXT, '--yes', '--keep-going']

  it('refuses to choose a context by itself, and to start without consent', async () => {
    const unnamed = await meshbench(['run', 'install.yaml', '--yes'])
    expect(unnamed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${CONTEXT} (current)`) })
    const unasked = await meshbench(['run', 'install.yaml', '--context', CONTEXT])
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Use --yes.') })
  })

  it(`installs meshes beside what is there, and takes them away: also where it is killed ${KILLS} times`, {
    timeout: minutes(10 + 6 * KILLS),
  }, async () => {
    // With the rights that the charts take, and no others.
    const limited = await limitedTo('install.yaml')
    const before = await world(cluster)
    for (let kill = 1; kill <= KILLS; kill++) {
      const after = Math.round(moments.uniform() * LONGEST)
      const args = runs().length === 0 ? ['run', 'install.yaml', ...use] : ['run', '--resume', ...use]
      await killed(args, after, limited)
      const cleaned = await meshbench(['clean', '--context', CONTEXT], limited)
      console.log(`kill ${kill} after ${after} ms: ${trials().length} trials; ${cleaned.stdout}`)
      expect(cleaned.exitCode).toBe(0)
      expect(await world(cluster)).toEqual(before)
    }
    const finished = trials()
    const args = runs().length === 0 ? ['run', 'install.yaml', ...use] : ['run', '--resume', ...use]
    const { exitCode, all } = await meshbench(args, limited)
    // 12: a trial that a busy machine made invalid is a result.
    expect([0, 12], all).toContain(exitCode)
    expect(trials()).toHaveLength(2 * BLOCKS)
    expect(trials()).toEqual(expect.arrayContaining(finished))
    expect(await world(cluster)).toEqual(before)
    for (const trial of trials()) proved(trial)
  })

  it('measures the mesh that is there, with the rights that it asks for and no others, behind a proxy that cuts connections', {
    timeout: minutes(10),
  }, async () => {
    const version = await installByHand(cluster, kubeconfig, dir)
    const limited = await limitedTo('existing.yaml')
    const before = await world(cluster)
    const unzoned = await meshbench(['doctor', 'existing.yaml', '--context', CONTEXT], limited)
    expect(unzoned).toMatchObject({ exitCode: 3, stdout: expect.stringContaining(`kubectl label node NAME ${ZONE}`) })
    await label({ '': 'near', '2': 'near', '3': 'far' })
    const checked = await meshbench(['doctor', 'existing.yaml', '--context', CONTEXT], limited)
    expect(checked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`istio-sidecar ${version} is there`) })
    expect(checked.stdout).toMatch(/has all \d\d+ rights/)
    const tooMuch = await meshbench(['doctor', 'install.yaml', '--context', CONTEXT], limited)
    expect(tooMuch).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('lacks') })
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(readFileSync(limited, 'utf8'))?.[1])
    await using proxy = await cuttingProxy(port, CUT)
    const behind = join(dir, 'behind')
    writeFileSync(
      behind,
      readFileSync(limited, 'utf8').replace(`https://127.0.0.1:${port}`, proxy.url.replace('http', 'https')),
    )
    const { exitCode, all } = await meshbench(['run', 'existing.yaml', ...use, '--results', 'existing'], behind)
    expect([0, 12], all).toContain(exitCode)
    const seen = trials('existing')
    expect(seen).toHaveLength(3)
    for (const trial of seen) proved(trial)
    expect(proxy.cuts()).toBeGreaterThan(seen.length)
    expect(await world(cluster)).toEqual(before)
  })

  /** A kubeconfig of a user who has what `rbac` prints, and nothing else. */
  async function limitedTo(scenario: string): Promise<string> {
    const { stdout } = await meshbench(['rbac', scenario, '--context', CONTEXT])
    expect(stdout).not.toContain('escalate')
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject)
    await cluster.apply(objects, soon())
    const file = join(dir, `limited-${scenario}`)
    writeFileSync(file, await asServiceAccount(cluster, readFileSync(kubeconfig, 'utf8')))
    return file
  }

  /** Gives workers a zone, by the end of their names. */
  async function label(zones: Readonly<Record<string, string>>): Promise<void> {
    const nodes = Object.entries(zones).map(([end, zone]) => {
      return { apiVersion: 'v1', kind: 'Node', metadata: { name: `${NAME}-worker${end}`, labels: { [ZONE]: zone } } }
    })
    await cluster.apply(nodes, soon())
  }

  /** What the trial of a mesh has to show. */
  function proved(trial: string): void {
    const { outcome } = JSON.parse(readFileSync(trial, 'utf8')) as Stored
    const evidence = outcome.reading?.observation.evidence ?? []
    const holds = (name: string) => evidence.find((one) => one.name === name)?.holds
    const names = ['enrolled', 'placement', 'cpu-account', ...(trial.includes('sidecar') ? ['mtls', 'path'] : [])]
    for (const name of names) expect(holds(name), `${name} of ${trial}`).toBe(true)
  }

  async function killed(args: readonly string[], after: number, config: string): Promise<void> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      ...{ cwd: dir, stdio: 'ignore' },
      env: { ...process.env, KUBECONFIG: config },
    })
    const ended = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), after)
    await ended
    clearTimeout(timer)
  }

  const runs = (results = 'results') => foldersOf(join(dir, results))
  const trials = (results = 'results') =>
    runs(results).flatMap((run) => {
      const folder = join(dir, results, run, 'trials')
      const files = foldersOf(folder).filter((name) => name.endsWith('.json'))
      return files.map((name) => join(folder, name)).toSorted()
    })
})

interface Stored {
  readonly outcome: { readonly reading?: { readonly observation: { readonly evidence: readonly Evidence[] } } }
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.') && !name.startsWith('lock-'))
  } catch {
    return []
  }
}

const V1 = ['Namespace', 'ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Pod']
const KINDS = [
  ...V1.map((kind) => ['v1', kind]),
  ...['Deployment', 'DaemonSet'].map((kind) => ['apps/v1', kind]),
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map((kind) => ['rbac.authorization.k8s.io/v1', kind]),
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map((kind) => [
    'admissionregistration.k8s.io/v1',
    kind,
  ]),
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['gateway.networking.k8s.io/v1', 'GatewayClass'],
] as const

/** Names of everything in a cluster that a run could change. */
async function world(cluster: Cluster): Promise<string[]> {
  const found = await Promise.all(
    KINDS.map(async ([apiVersion = '', kind = '']) => {
      const objects = await cluster.list({ apiVersion, kind })
      return objects.map(({ metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    }),
  )
  return found.flat().toSorted()
}

/** Istio's base and istiod, as a user would install them; returns the version that istiod's image says. */
async function installByHand(cluster: Cluster, kubeconfigFile: string, dir: string): Promise<string> {
  const site = await readSite(undefined, process.env)
  const { kubernetes, about } = armMesh(
    { name: 'istio-sidecar', mesh: 'istio-sidecar' },
    { profile: 'defaults', loads: [] },
    site,
  )
  const helm = { helm: (await locate('helm'))?.path ?? 'helm', dir: join(dir, 'helm') }
  const charts = chartCache(helm)
  const signal = AbortSignal.timeout(300_000)
  for (const step of kubernetes.install(about)) {
    if (step.do !== 'helm') continue
    const { release, namespace, version } = step
    const { path: chart } = await charts.chart(chartAddress(about, step.chart), version, signal)
    const values = JSON.parse(
      JSON.stringify(step.values).replaceAll('"nodeSelector":{"meshbench.io/part":"control"},', ''),
    )
    await installRelease({ ...helm, kubeconfigFile, release, chart, namespace, version, values }, signal)
  }
  await cluster.untilReady([{ kind: 'Deployment', namespace: 'istio-system', name: 'istiod' }], 240, signal)
  return about.vendor.tag ?? about.version
}
