import { meshes } from '../../meshes/index.ts'
import { installAbout } from '../../meshes/install-steps.ts'
import { ON } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { InstallAbout, KubernetesMesh, Mesh, MeshImage, Readiness } from '../../model/mesh.ts'
import type { Arm, Load, Profile, Scenario } from '../../model/scenario.ts'
import type { Site } from '../../model/site.ts'
import { APPLICATION } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import type { Application } from './own-application.ts'

/** How long an installation, or anything else in a cluster, may take until it is ready. */
export const PATIENCE: Seconds = 300

/** An arm with all that its cluster is made from. */
export interface ArmMesh {
  readonly arm: Arm
  readonly mesh: Mesh
  readonly kubernetes: KubernetesMesh
  readonly about: InstallAbout
  /** What stands in place of our server. */
  readonly application?: Application | undefined
}

export function armMesh(arm: Arm, profile: Profile, site: Site, application?: Application): ArmMesh {
  const mesh = meshes[arm.mesh]
  if (mesh?.kubernetes) {
    const { kubernetes } = mesh
    const about = installAbout(mesh, profile, arm, site.vendors)
    refuseDigests(kubernetes.images(about), about.vendor.name, arm)
    return { arm, mesh, kubernetes, about, ...(application && { application }) }
  }
  const known = Object.values(meshes).filter(({ kubernetes }) => kubernetes)
  throw new Failure('unsupported', `arm ${arm.name}: ${arm.mesh} cannot be installed in a cluster`, {
    remedy: `Use \`--platform local\` for it, or one of: ${known.map(({ name }) => name).join(', ')}.`,
  })
}

/** The names of a mesh's images are made by its charts, so they cannot be given other names for the nodes. */
function refuseDigests(images: readonly MeshImage[], vendor: string, arm: Arm): void {
  const pinned = images.find(({ name }) => name.includes('@'))
  if (!pinned) return
  throw new Failure('unsupported', `arm ${arm.name}: ${pinned.name} is named by its digest`, {
    cause: 'Docker saves such an image without its name, and the nodes would not find it again',
    remedy: `Name the images of ${vendor} by hub and tag in the site file; their digests are in every result.`,
  })
}

/** What an arm's installation waits for, which must be ready before every visit too. */
export function installedReadiness({ kubernetes, about }: Pick<ArmMesh, 'kubernetes' | 'about'>): Readiness[] {
  return kubernetes.install(about).flatMap((step) => (step.do === 'wait' ? step.until : []))
}

/** What the nodes of one arm run, and on which of them. */
export function imagesOfArm(
  { kubernetes, about, application: own }: ArmMesh,
  site: Site,
  loads: readonly Pick<Load, 'tool'>[],
): MeshImage[] {
  const { [APPLICATION]: application, busybox } = site.images
  const names = new Set([application, busybox, ...loads.map(({ tool }) => site.images[tool])])
  const others = (own?.images ?? []).filter((name) => !names.has(name)).map((name) => ({ name, on: ON.server }))
  return [...[...names].map((name) => ({ name, on: ON.workload })), ...others, ...kubernetes.images(about)]
}

/** Every image that a scenario runs, the nodes' own first. Throws a Failure where an arm cannot be installed. */
export function imagesOf(
  { arms, loads, profile }: Pick<Scenario, 'arms' | 'loads' | 'profile'>,
  site: Site,
  application?: Application,
): string[] {
  const ofArms = arms.flatMap((arm) => imagesOfArm(armMesh(arm, profile, site, application), site, loads))
  return [...new Set([site.kind.nodeImage, ...ofArms.map(({ name }) => name)])]
}
