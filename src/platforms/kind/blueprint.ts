import { readFile } from 'node:fs/promises'
import { version } from '../../host/version.ts'
import { describeInstallation } from '../../kubernetes/describe-installation.ts'
import { digestOf } from '../../kubernetes/digest.ts'
import { withRendered } from '../../kubernetes/rendered.ts'
import type { Installation } from '../../model/installation.ts'
import { type ArmMesh, imagesOfArm } from './arm.ts'
import { KIND_CONFIG } from './cluster/create.ts'
import { lastingOf } from './enrol.ts'
import type { Ground } from './ground.ts'

/** What an arm's cluster is made from, before it is made. */
export interface Blueprint {
  readonly installation: Installation
  /** Two clusters with an equal key could change places. Absent where something of it is not known, and then nothing is equal to it. */
  readonly key: string | undefined
}

/** In place of the run's id, which all objects bear and which makes no difference. */
const ANY_RUN = 'any'

export async function blueprintOf(of: ArmMesh, ground: Ground, signal: AbortSignal): Promise<Blueprint> {
  const { charts, manifests, site, kind, helm } = ground
  const { arm, kubernetes, about } = of
  const { installation, exact } = await describeInstallation(
    {
      ...{ arm, about, site, charts, manifests },
      steps: kubernetes.install(about),
      enrolment: kubernetes.enrol(about),
      workload: lastingOf(of, { ...ground, run: ANY_RUN }),
    },
    signal,
  )
  const images = await imageIds(of, ground)
  const config = await readFile(KIND_CONFIG, 'utf8')
  const programs = [kind, helm].map(({ provenance }) => [provenance.version, provenance.sha256])
  const key = images && digestOf([version(), exact, images, config, programs])
  return { installation, key }
}

/** Of a name alone nobody knows what it stood for yesterday. Undefined where an image is not here. */
async function imageIds(of: ArmMesh, { site, plan, docker }: Ground): Promise<readonly string[] | undefined> {
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
  { helm, env }: Ground,
  signal: AbortSignal,
): Promise<Installation> {
  return withRendered(installation, { helm: helm.path, env, dir, kubeconfigFile: kubeconfig }, signal)
}
