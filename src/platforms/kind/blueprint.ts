import { version } from '../../host/version.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { digestOf } from '../../kubernetes/install/chart-cache.ts'
import { describeInstallation, withRendered } from '../../kubernetes/install/describe-installation.ts'
import { stamped } from '../../kubernetes/install/install-mesh.ts'
import type { Installation } from '../../model/installation.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import { type ArmMesh, imagesOfArm, PATIENCE } from '../in-cluster/arm-mesh.ts'
import { idleServices, workloadFor } from '../in-cluster/workload.ts'
import { kindConfig } from './cluster/create-cluster.ts'
import type { RunContext } from './run-context.ts'

/** What an arm's cluster is made from, before it is made. */
export interface Blueprint {
  readonly installation: Installation
  /** Two clusters with an equal key could change places. Absent where something of it is not known, and then nothing is equal to it. */
  readonly key: string | undefined
}

/** In place of the run's id, which all objects bear and which makes no difference. */
const ANY_RUN = 'any'

export async function blueprintOf(of: ArmMesh, runContext: RunContext, signal: AbortSignal): Promise<Blueprint> {
  const { charts, manifests, site, kind, helm } = runContext
  const { arm, kubernetes, about } = of
  const { installation, exact } = await describeInstallation(
    {
      ...{ arm, about, site, charts, manifests },
      steps: kubernetes.install(about),
      enrolment: kubernetes.enrol(about),
      workload: lastingOf(of, { ...runContext, run: ANY_RUN }),
    },
    signal,
  )
  const images = await imageIds(of, runContext)
  const config = kindConfig(kubernetes.isNetwork)
  const programs = [kind, helm].map(({ provenance }) => [provenance.version, provenance.sha256])
  const key = images && digestOf([version(), exact, images, config, programs, arm.idleServices])
  return { installation, key }
}

/** Ids of images, since a tag can change. Undefined where an image is not on this machine. */
async function imageIds(of: ArmMesh, { site, plan, docker }: RunContext): Promise<readonly string[] | undefined> {
  const names = [site.kind.nodeImage, ...imagesOfArm(of, site, plan.scenario.loads).map(({ name }) => name)]
  const ids: string[] = []
  for (const name of names) {
    const image = await docker.image(name)
    if (!image) return undefined
    ids.push(`${name} ${image.id}`)
  }
  return ids
}

/** What stands now, as helm tells. */
export function asInstalled(
  { installation }: Blueprint,
  { dir, kubeconfig }: { readonly dir: string; readonly kubeconfig: string },
  { helm, env }: RunContext,
  signal: AbortSignal,
): Promise<Installation> {
  return withRendered(installation, { helm: helm.path, env, dir, kubeconfigFile: kubeconfig }, signal)
}

/** Everything in the workload's namespace that stands as long as the cluster does; in one that was kept, it gets this run's stamp. */
export async function enrol(of: ArmMesh, cluster: Cluster, runContext: RunContext, signal: AbortSignal): Promise<void> {
  const { objects, until } = of.kubernetes.enrol(of.about)
  await cluster.apply(lastingOf(of, runContext), signal, { within: PATIENCE })
  const own = objects.map((object) => stamped(object, runContext.run))
  await cluster.apply(own, signal, { within: PATIENCE })
  await cluster.apply(idleServices(of.arm, of.about.namespace, runContext.run), signal, { within: PATIENCE })
  await cluster.untilReady(until, PATIENCE, signal)
}

function lastingOf(
  { arm, kubernetes, about, application }: ArmMesh,
  { plan, site, run }: RunContext,
): readonly KubernetesObject[] {
  const enrolment = kubernetes.enrol(about)
  return workloadFor({
    ...{ arm, enrolment, run },
    loads: plan.scenario.loads,
    images: site.images,
    namespace: about.namespace,
    application,
  }).lasting
}
