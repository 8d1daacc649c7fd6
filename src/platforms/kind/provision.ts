import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity } from '../../host/process-identity.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { installMesh } from '../../kubernetes/install-mesh.ts'
import type { Step } from '../../model/platform.ts'
import { type ArmMesh, imagesOfArm, PATIENCE } from './arm.ts'
import { asInstalled, type Blueprint } from './blueprint.ts'
import { createCluster } from './cluster/create.ts'
import { nodesOf } from './cluster/nodes.ts'
import { pinNodes } from './cluster/pin-nodes.ts'
import { removeCluster } from './cluster/remove.ts'
import { enrol } from './enrol.ts'
import type { Ground } from './ground.ts'
import { sharedCores } from './shared-cores.ts'
import type { Standing } from './standing.ts'

/** Makes a cluster, brings its images in, installs the mesh, and enrols the workload's namespace. What is not finished leaves nothing. */
export async function* provision(
  of: ArmMesh,
  name: string,
  blueprint: Blueprint,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing> {
  const { docker, records, network, site, plan } = ground
  const arm = of.arm.name
  const dir = join(ground.dir, name)
  const kubeconfig = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records, network))
  const madeAt = await register(name, arm, blueprint, ground)
  await network.expect(docker)
  yield { title: 'making a cluster of three nodes', arm }
  await createCluster(ground.kind, { name, nodeImage: site.kind.nodeImage, kubeconfig, env: ground.env }, signal)
  const nodes = nodesOf(name)
  const affinity = await pinNodes(nodes, docker)
  yield* sharedCores(affinity, arm)
  yield { title: 'bringing its images in', arm }
  await ground.images.load(imagesOfArm(of, site, plan.scenario.loads), nodes)
  const cluster = undo.adopt(await connect(await readFile(kubeconfig, 'utf8')), (open) => open.close())
  for await (const { title } of install(of, cluster, { kubeconfig, dir }, ground, signal)) yield { title, arm }
  const installation = await asInstalled(blueprint, { kubeconfig, dir }, ground, signal)
  yield { title: 'installed', arm, installation }
  undo.move()
  return { of, name, nodes, cluster, affinity, origin: { madeAt } }
}

/** Before anything is there to be found. The answer is the time that the record has. */
async function register(cluster: string, arm: string, { key }: Blueprint, { records, run }: Ground): Promise<string> {
  const made = { at: new Date().toISOString(), run }
  await records.write({ cluster, run, arm, ...(key && { key }), owner: ownIdentity(), kept: false, made })
  return made.at
}

async function* install(
  of: ArmMesh,
  cluster: Cluster,
  { kubeconfig, dir }: { readonly kubeconfig: string; readonly dir: string },
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, void> {
  const { helm, charts, manifests, env, site, run } = ground
  const { kubernetes, about } = of
  const shared = { helm, charts, manifests, env, site, run, within: PATIENCE }
  yield* installMesh(kubernetes.install(about), { ...shared, cluster, kubeconfigFile: kubeconfig, dir, about }, signal)
  yield { title: 'enrolling the workload' }
  await enrol(of, cluster, ground, signal)
}
