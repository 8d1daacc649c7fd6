import { featureObjects } from '../../features/feature-cost.ts'
import { gatewayOf } from '../../meshes/gateway-of.ts'
import { meshes } from '../../meshes/index.ts'
import { installAbout } from '../../meshes/install-steps.ts'
import { ON, SERVER } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type {
  Backend,
  InstallAbout,
  KubernetesMesh,
  KubernetesObject,
  Mesh,
  MeshGateway,
  MeshImage,
  Readiness,
} from '../../model/mesh.ts'
import type { Arm, Load, Scenario } from '../../model/scenario.ts'
import type { Site } from '../../model/site.ts'
import { APPLICATION, isImaged } from '../../model/traits.ts'
import { formatDuration, type Seconds } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import { operationsOf } from '../../operations/index.ts'
import { type Application, entranceOf } from './own-application.ts'
import { ENDPOINTS, targetOf } from './workload.ts'

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
  /** Where load enters by the mesh's gateway, of which `kubernetes` is then. */
  readonly gateway?: Pick<MeshGateway, 'service' | 'title'> & { readonly backends: readonly Backend[] }
}

type OfScenario = Pick<Scenario, 'profile'> & { readonly loads: readonly Asking[] }

export function armMesh(arm: Arm, scenario: OfScenario, site: Site, application?: Application): ArmMesh {
  const mesh = meshes[arm.mesh]
  if (mesh?.kubernetes) {
    const about = installAbout(mesh, scenario.profile, arm, site.vendors)
    const own = { arm, mesh, about, ...(application && { application }) }
    const entering = gatewayOf(arm)
    const backends = entering ? backendsOf(scenario.loads, application) : []
    const kubernetes = withFeature(arm, entering ? entering.behind(backends) : mesh.kubernetes)
    refuseDigests(kubernetes.images(about), about.vendor.name, arm)
    const gateway = entering && { service: entering.service, title: entering.title, backends }
    return { ...own, kubernetes, ...(gateway && { gateway }) }
  }
  const known = Object.values(meshes).filter(({ kubernetes }) => kubernetes)
  throw new Failure('unsupported', `arm ${arm.name}: ${arm.mesh} cannot be installed in a cluster`, {
    remedy: `Use \`--platform local\` for it, or one of: ${known.map(({ name }) => name).join(', ')}.`,
  })
}

/** The mesh with the objects of the arm's feature, which stand as long as what enrols the workload does. */
function withFeature({ feature, mesh }: Arm, kubernetes: KubernetesMesh): KubernetesMesh {
  if (feature === undefined) return kubernetes
  return {
    ...kubernetes,
    enrol: (about) => {
      const enrolment = kubernetes.enrol(about)
      return { ...enrolment, objects: [...enrolment.objects, ...objectsOfFeature({ feature, mesh }, about.namespace)] }
    },
  }
}

/** The objects of an arm's feature; none where it has no feature. */
export function objectsOfFeature(
  { feature, mesh }: Pick<Arm, 'feature' | 'mesh'>,
  namespace: string,
): readonly KubernetesObject[] {
  return feature === undefined ? [] : featureObjects(feature, mesh, { namespace, service: SERVER.app })
}

/** What of a load decides where it is sent. */
type Asking = Pick<Load, 'tool' | 'protocol' | 'service' | 'script'>

/** The first port of a gateway; each further one has the next. */
const FIRST_PORT = 8080
/** Listeners of a Gateway, as the Gateway API has it. */
const MOST_PORTS = 64

/** A port for each port of a Service that is asked: first of all the entrance of an application, which the first question goes to. */
function backendsOf(loads: readonly Asking[], application: Application | undefined): Backend[] {
  const asked = [...(application ? [application.entrance] : []), ...loads.map((load) => askedBy(load, application))]
  const distinct = new Map(asked.map(({ service, port }) => [`${service}:${port}`, { service, port }]))
  if (distinct.size > MOST_PORTS) {
    throw new Failure(
      'unsupported',
      `the loads ask ${distinct.size} ports of Services, and a gateway has ${MOST_PORTS}`,
      {
        remedy: 'Ask fewer services, or spread the loads over several scenarios.',
      },
    )
  }
  return [...distinct.values()].map((one, index) => ({ at: FIRST_PORT + index, ...one }))
}

function askedBy(
  { protocol, service }: Pick<Load, 'protocol' | 'service'>,
  application: Application | undefined,
): Pick<Backend, 'service' | 'port'> {
  if (!application) return { service: SERVER.app, port: ENDPOINTS[protocol].port }
  const { entrance } = application
  return { service: service ?? entrance.service, port: entrance.port }
}

/** What the load generator is pointed at: the Service that is asked, or the gateway before it. */
export function addressOf(
  { about: { namespace }, application, gateway }: ArmMesh,
  load: Pick<Load, 'protocol' | 'service' | 'script'>,
): string {
  const direct = application ? entranceOf(application, namespace, load) : targetOf(load.protocol, namespace)
  if (!gateway) return direct
  const { service, port } = askedBy(load, application)
  const backend = gateway.backends.find((one) => one.service === service && one.port === port)
  if (!backend) throw new TypeError(`the gateway has no port for ${service}:${port}`)
  return direct.replace(`${service}.${namespace}.svc.cluster.local:${port}`, () => {
    return `${gateway.service}.${namespace}.svc.cluster.local:${backend.at}`
  })
}

/** How load enters an arm, where any arm of the scenario has a gateway. */
export function entranceEvidence({ gateway, mesh }: ArmMesh, { arms }: Scenario): Evidence[] {
  if (!arms.some(gatewayOf)) return []
  const seen = gateway
    ? `${gateway.title}, asked from outside of the mesh`
    : `the Service, asked directly${mesh.layer === 'none' ? ': without a mesh there is no gateway of a mesh' : ''}`
  return [{ name: 'entrance', seen, source: 'plan' }]
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

/** How long the installation of a mesh took, where there was one: from its first object until all its parts were ready. */
export function installationTime(took: Seconds | undefined): Evidence[] {
  if (took === undefined) return []
  const seen = `${formatDuration(took)} from its first object until all its parts were ready`
  return [{ name: 'installation-time', seen, source: 'clock' }]
}

/** What the nodes of one arm run, and on which of them. */
export function imagesOfArm(
  { kubernetes, about, application: own }: ArmMesh,
  site: Site,
  loads: readonly Pick<Load, 'tool' | 'operation'>[],
): MeshImage[] {
  const { [APPLICATION]: application, busybox } = site.images
  const names = new Set([
    application,
    busybox,
    ...loads.flatMap(({ tool }) => (isImaged(tool) ? site.images[tool] : [])),
  ])
  const others = (own?.images ?? []).filter((name) => !names.has(name)).map((name) => ({ name, on: ON.server }))
  const moves = operationsOf(loads).some(({ movesServer }) => movesServer)
  const ofMesh = kubernetes.images(about).map((image) => (moves ? { ...image, on: ON.all } : image))
  return [...[...names].map((name) => ({ name, on: ON.workload })), ...others, ...ofMesh]
}

/** Every image that a scenario runs, the nodes' own first. Throws a Failure where an arm cannot be installed. */
export function imagesOf(
  scenario: Pick<Scenario, 'arms' | 'loads' | 'profile'>,
  site: Site,
  application?: Application,
): string[] {
  const { arms, loads } = scenario
  const ofArms = arms.flatMap((arm) => imagesOfArm(armMesh(arm, scenario, site, application), site, loads))
  return [...new Set([site.kind.nodeImage, ...ofArms.map(({ name }) => name)])]
}
