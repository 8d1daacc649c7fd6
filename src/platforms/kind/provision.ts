import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity } from '../../host/processes.ts'
import { stopwatch } from '../../host/stopwatch.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { installMesh } from '../../kubernetes/install/install-mesh.ts'
import type { Certificates } from '../../model/mesh.ts'
import { eachStep, type Step } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { formatDuration, type Seconds } from '../../model/units.ts'
import { type ArmMesh, armMesh, imagesOfArm, PATIENCE } from '../in-cluster/arm-mesh.ts'
import { asInstalled, type Blueprint, blueprintOf, enrol } from './blueprint.ts'
import { removeCluster } from './cluster/cluster-leftovers.ts'
import type { ClusterRecord } from './cluster/cluster-record.ts'
import { clusterName, createCluster, kubeconfigOf } from './cluster/create-cluster.ts'
import { type Affinity, nodesOf, pinNodes } from './cluster/nodes.ts'
import { freeze, thaw } from './freeze.ts'
import type { ArmCluster, RunContext } from './run-context.ts'

/** Makes a cluster, brings its images in, installs the mesh, and enrols the workload's namespace. What is not finished leaves nothing. */
async function* provision(
  of: ArmMesh,
  name: string,
  blueprint: Blueprint,
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, ArmCluster> {
  const { docker, records, network, site, plan } = runContext
  const arm = of.arm.name
  const dir = join(runContext.dir, name)
  const kubeconfig = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records, network))
  const madeAt = await register(name, arm, blueprint, runContext)
  await network.expect(docker)
  yield { title: 'creating a cluster of three nodes', arm }
  await createCluster(
    runContext.kind,
    {
      name,
      nodeImage: site.kind.nodeImage,
      isNetwork: of.kubernetes.isNetwork === true,
      kubeconfig,
      env: runContext.env,
    },
    signal,
  )
  const nodes = nodesOf(name)
  const affinity = await pinNodes(nodes, docker)
  yield* sharedCores(affinity, arm)
  yield { title: 'loading its images', arm }
  await runContext.images.load(imagesOfArm(of, site, plan.scenario.loads), nodes)
  const cluster = undo.adopt(await connect(await readFile(kubeconfig, 'utf8')), (open) => open.close())
  const installing = install(of, cluster, { kubeconfig, dir }, runContext, signal)
  const installed = yield* eachStep(installing, ({ title }) => [{ title, arm }])
  const installation = await asInstalled(blueprint, { kubeconfig, dir }, runContext, signal)
  yield { title: 'installed', arm, installation }
  undo.move()
  return { of, name, nodes, cluster, affinity, origin: { madeAt, ...(installed !== undefined && { installed }) } }
}

/** Before anything is there to be found. The answer is the time that the record has. */
async function register(
  cluster: string,
  arm: string,
  { key }: Blueprint,
  { records, run }: RunContext,
): Promise<string> {
  const made = { at: new Date().toISOString(), run }
  await records.write({ cluster, run, arm, ...(key && { key }), owner: ownIdentity(), kept: false, made })
  return made.at
}

async function* install(
  of: ArmMesh,
  cluster: Cluster,
  { kubeconfig, dir }: { readonly kubeconfig: string; readonly dir: string },
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, Seconds | undefined> {
  const { helm, charts, manifests, env, site, run } = runContext
  const { kubernetes, about } = of
  const shared = { helm, charts, manifests, env, site, run, within: PATIENCE }
  const since = stopwatch()
  const steps = kubernetes.install(about)
  yield* installMesh(steps, { ...shared, cluster, kubeconfigFile: kubeconfig, dir, about }, signal)
  const took = since()
  yield { title: 'enrolling the workload' }
  await enrol(of, cluster, runContext, signal)
  return steps.length === 0 ? undefined : took
}

/** A cluster that an earlier run has kept, made from the very same things; undefined where there is none. */
async function* reuse(
  of: ArmMesh,
  blueprint: Blueprint,
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, ArmCluster | undefined> {
  const { records } = runContext
  const { key } = blueprint
  if (key === undefined) return undefined
  const candidates = (await records.all()).filter((record) => record.kept && record.key === key)
  for (const { cluster } of candidates) {
    const record = await makeOwn(cluster, of, runContext)
    // Another arm or another run was first.
    if (!record) continue
    try {
      return yield* takeOver(of, record, blueprint, runContext, signal)
    } catch (error) {
      signal.throwIfAborted()
      yield { title: `${cluster} is not usable any more: ${(error as Error).message}`, arm: of.arm.name }
    }
  }
  return undefined
}

/** From here on it is this run's; the answer is the record as it was. Of two who ask at once only one gets it. */
export async function makeOwn(
  cluster: string,
  { arm }: Pick<ArmMesh, 'arm'>,
  { records, run }: Pick<RunContext, 'records' | 'run'>,
): Promise<ClusterRecord | undefined> {
  const claimed = await records.claim(cluster)
  if (!claimed) return undefined
  try {
    await records.write({ ...claimed.record, run, arm: arm.name, owner: ownIdentity(), kept: false })
    return claimed.record
  } finally {
    await claimed.release()
  }
}

/**
 * Why a kept cluster is too old: its certificates are renewed at half of their life, and those of proxies that were frozen then
 * may end while they are measured. Undefined where it is young enough, or its mesh has none.
 */
export function outlived(
  certificates: Certificates | undefined,
  { made }: Pick<ClusterRecord, 'made'>,
  now: number,
): string | undefined {
  if (!certificates) return undefined
  const life = `${certificates.what} live for ${formatDuration(certificates.lifetime)}`
  if (made === undefined) return `its creation time is unknown, and ${life}`
  const age = (now - Date.parse(made.at)) / 1000
  if (age < certificates.lifetime / 2) return undefined
  return `it was made ${formatDuration(age)} ago, and ${life}: they are renewed at half of it`
}

/** What cannot be taken over whole leaves nothing. */
async function* takeOver(
  of: ArmMesh,
  kept: ClusterRecord,
  blueprint: Blueprint,
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, ArmCluster> {
  const { docker, records, network } = runContext
  const name = kept.cluster
  const arm = of.arm.name
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records, network))
  const tooOld = outlived(of.kubernetes.certificates, kept, Date.now())
  if (tooOld !== undefined) throw new Error(tooOld)
  yield { title: `reusing ${name}, kept by run ${kept.run}`, arm }
  const nodes = await wake(name, runContext)
  const affinity = await pinNodes(nodes, docker)
  yield* sharedCores(affinity, arm)
  const { kubeconfig, dir, text } = await writeKubeconfig(name, runContext, signal)
  const cluster = undo.adopt(await connect(text), (open) => open.close())
  await cluster.get('/readyz', signal)
  await enrol(of, cluster, runContext, signal)
  const installation = await asInstalled(blueprint, { kubeconfig, dir }, runContext, signal)
  yield { title: 'taken over', arm, installation }
  undo.move()
  const madeAt = kept.made?.at ?? 'at an unknown time'
  return { of, name, nodes, cluster, affinity, origin: { madeAt, keptFrom: kept.run } }
}

async function wake(name: string, { docker }: RunContext): Promise<ArmCluster['nodes']> {
  const nodes = nodesOf(name)
  const found = await docker.inspect(Object.values(nodes))
  if (found.length < Object.keys(nodes).length) throw new Error('a node is missing')
  await thaw({ nodes }, { docker })
  return nodes
}

async function writeKubeconfig(name: string, { dir: root, kind, env }: RunContext, signal: AbortSignal) {
  const dir = join(root, name)
  const kubeconfig = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const text = await kubeconfigOf(kind, name, env, signal)
  await writeFile(kubeconfig, text, { mode: 0o600 })
  return { kubeconfig, dir, text }
}

/** An arm's cluster: one that an earlier run has kept, else a new one. */
export async function* stand(
  arm: Arm,
  cohort: number,
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, ArmCluster> {
  const { plan, site, run } = runContext
  const of = armMesh(arm, plan.scenario, site, runContext.application)
  const blueprint = await blueprintOf(of, runContext, signal)
  // A later cohort is there to be provisioned anew.
  const kept = cohort === 1 ? yield* reuse(of, blueprint, runContext, signal) : undefined
  if (kept) return kept
  const name = clusterName(run, cohort, plan.scenario.arms.indexOf(arm) + 1)
  return yield* provision(of, name, blueprint, runContext, signal)
}

export async function removeArmCluster({ cluster, name }: ArmCluster, runContext: RunContext): Promise<void> {
  await cluster.close()
  await removeCluster(name, runContext.docker, runContext.records, runContext.network)
}

/** For the next run: frozen, and marked as meant to stay. */
export async function leaveArmCluster(left: ArmCluster, runContext: RunContext): Promise<void> {
  const { records } = runContext
  await left.cluster.close()
  await freeze(left, runContext)
  const record = (await records.all()).find(({ cluster }) => cluster === left.name)
  if (record) await records.write({ ...record, kept: true })
}

/** A line for the eye where nodes should have cores of their own and have not: it stands in every trial's evidence too. */
function* sharedCores({ refused }: Affinity, arm: string): Generator<Step, void> {
  if (refused !== undefined) yield { title: `all nodes share all cores: Docker cannot pin them (${refused})`, arm }
}
