import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity } from '../../host/process-identity.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { installMesh } from '../../kubernetes/install-mesh.ts'
import type { Step } from '../../model/platform.ts'
import { type ArmMesh, clusterKey, imagesOfArm, PATIENCE } from './arm.ts'
import { cpuSetsOf } from './cluster/cpu-sets.ts'
import { createCluster } from './cluster/create.ts'
import { nodesOf } from './cluster/nodes.ts'
import { removeCluster } from './cluster/remove.ts'
import type { Ground } from './ground.ts'
import type { Standing } from './standing.ts'
import { workloadFor } from './workload/objects.ts'

/** Makes a cluster, brings its images in, installs the mesh, and enrols the workload's namespace. What is not finished leaves nothing. */
export async function* provision(
  of: ArmMesh,
  name: string,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing> {
  const { docker, records, site, plan, run } = ground
  const { loads } = plan.scenario
  const arm = of.arm.name
  const dir = join(ground.dir, name)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records))
  await records.write({ cluster: name, run, arm, key: clusterKey(of, site, loads), owner: ownIdentity(), kept: false })
  yield { title: 'making a cluster of three nodes', arm }
  const kubeconfig = join(dir, 'kubeconfig')
  await createCluster(ground.kind, { name, nodeImage: site.kind.nodeImage, kubeconfig, env: ground.env }, signal)
  const nodes = nodesOf(name)
  await pinNodes(nodes, ground)
  yield { title: 'bringing its images in', arm }
  await ground.images.load(imagesOfArm(of, site, loads), nodes)
  const cluster = undo.adopt(await connect(await readFile(kubeconfig, 'utf8')), (open) => open.close())
  for await (const { title } of install(of, cluster, { kubeconfig, dir }, ground, signal)) yield { title, arm }
  undo.move()
  return { of, name, nodes, cluster, frozen: false }
}

async function* install(
  of: ArmMesh,
  cluster: Cluster,
  { kubeconfig, dir }: { readonly kubeconfig: string; readonly dir: string },
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, void> {
  const { helm, charts, env, site } = ground
  const { kubernetes, about } = of
  const installation = { cluster, helm, charts, env, kubeconfigFile: kubeconfig, dir, site, about, within: PATIENCE }
  yield* installMesh(kubernetes.install(about), installation, signal)
  yield { title: 'enrolling the workload' }
  await enrol(of, cluster, ground, signal)
}

async function pinNodes(nodes: Standing['nodes'], { docker }: Ground): Promise<void> {
  const sets = cpuSetsOf((await docker.info()).cores)
  if (!sets) return
  await Promise.all((['control', 'client', 'server'] as const).map((part) => docker.pin([nodes[part]], sets[part])))
}

async function enrol({ arm, kubernetes, about }: ArmMesh, cluster: Cluster, ground: Ground, signal: AbortSignal) {
  const enrolment = kubernetes.enrol(about)
  const { loads } = ground.plan.scenario
  const workload = workloadFor({ arm, loads, images: ground.site.images, enrolment, run: ground.run })
  await cluster.apply(workload.lasting, signal, { within: PATIENCE })
  await cluster.apply(enrolment.objects, signal, { within: PATIENCE })
  await cluster.untilReady(enrolment.until, PATIENCE, signal)
}
