import { chartAddress, isLocalChart } from '../../../kubernetes/install/helm.ts'
import { meshes } from '../../../meshes/index.ts'
import { Failure } from '../../../model/failure.ts'
import type { Plan } from '../../../model/plan.ts'
import { type Finding, isAbandoned, type Leftover } from '../../../model/platform.ts'
import type { Arm, Scenario } from '../../../model/scenario.ts'
import type { Chart, Site } from '../../../model/site.ts'
import { formatSize } from '../../../model/units.ts'
import { error, findingsOf, ok, warning } from '../../findings.ts'
import { type ArmMesh, armMesh, imagesOf } from '../../in-cluster/arm-mesh.ts'
import { installSideBySide } from '../../in-cluster/side-by-side.ts'
import type { DockerInfo } from '../docker.ts'
import { coresFinding, isHere, memoryFinding, memoryThere } from './capacity.ts'
import { daemonFindings, localDaemon } from './daemon.ts'
import {
  archivesFinding,
  clockFinding,
  diskFinding,
  inotifyFinding,
  modulesFinding,
  portsFinding,
} from './host-checks.ts'
import { imageFindings } from './image-check.ts'
import { type Readers, readersOf } from './readers.ts'

const NODES_PER_ARM = 3

/** What stands in the way of a plan on kind. Changes nothing, and asks registries only for what is not here. */
export async function checkKind({ scenario }: Plan, site: Site, readers: Readers = readersOf()): Promise<Finding[]> {
  const asked = readers.now()
  let info: DockerInfo
  try {
    info = await localDaemon(readers.docker)
  } catch (thrown) {
    return [Failure.from(thrown).toFinding()]
  }
  const clock = await clockFinding(info, readers, asked, readers.now())
  const isolation = scenario.isolation ?? 'frozen'
  const nodes = NODES_PER_ARM * (isolation === 'frozen' ? scenario.arms.length : 1)
  return [
    ...daemonFindings(info, site.kind.nodeImage),
    memoryFinding(info, await memoryThere(info, readers), scenario.arms, isolation),
    coresFinding(info),
    ...(isHere(info, readers) ? await machineFindings(info, readers, scenario, nodes) : []),
    ...(await armFindings(scenario, site, info, readers)),
    clock,
    ...(await leftoverFindings(readers)),
  ]
}

/** What can be seen only where the daemon is on this machine itself. */
async function machineFindings(
  info: DockerInfo,
  readers: Readers,
  { arms }: Scenario,
  nodes: number,
): Promise<Finding[]> {
  const intercepts = arms.some(({ mesh }) => mesh !== 'none')
  const found = await Promise.all([
    diskFinding(info, readers, nodes),
    inotifyFinding(readers, nodes),
    intercepts
      ? modulesFinding(
          readers,
          arms.map(({ mesh }) => meshes[mesh]?.encryption ?? 'none'),
        )
      : [],
    portsFinding(readers),
  ])
  return found.flat()
}

/** Arms that cannot be installed as they are written, and what those that can are made of. */
async function armFindings(scenario: Scenario, site: Site, info: DockerInfo, readers: Readers): Promise<Finding[]> {
  const tried = scenario.arms.map((arm) => tryArm(arm, scenario, site))
  const able = tried.filter((one): one is ArmMesh => 'about' in one)
  const arms = able.map(({ arm }) => arm)
  const images = imagesOf({ ...scenario, arms }, site)
  const inArchives = images.filter((name) => name !== site.kind.nodeImage)
  return [
    ...tried.filter((one): one is Finding => 'severity' in one),
    ...sideBySideFindings(able, scenario),
    ...(await imageFindings(images, info, readers.docker)),
    ...(await archivesFinding(inArchives, readers)),
    ...(await placesFinding(able, site, readers)),
    ...(await chartFindings(able, site, readers)),
  ]
}

/** What can be told of a plan where no container engine is asked. */
export async function reviewKind(
  { scenario }: Plan,
  site: Site,
  readers: Pick<Readers, 'examine'>,
): Promise<Finding[]> {
  const tried = scenario.arms.map((arm) => tryArm(arm, scenario, site))
  const able = tried.filter((one): one is ArmMesh => 'about' in one)
  return [
    ...tried.filter((one): one is Finding => 'severity' in one),
    ...sideBySideFindings(able, scenario),
    ...(await chartFindings(able, site, readers, true)),
  ]
}

/** Whether arms that are to share a cluster can. */
function sideBySideFindings(arms: readonly ArmMesh[], { isolation }: Scenario): Finding[] {
  if (isolation !== 'shared') return []
  return findingsOf(() => {
    installSideBySide(arms)
    return []
  })
}

async function chartFindings(
  arms: readonly ArmMesh[],
  site: Site,
  { examine }: Pick<Readers, 'examine'>,
  onlyLocal = false,
): Promise<Finding[]> {
  const charts = arms.filter(({ kubernetes, about }) => kubernetes.install(about).some((step) => step.do === 'helm'))
  if (charts.length === 0) return []
  try {
    const found = await examine({ arms: charts, site, onlyLocal })
    const count = charts.length === 1 ? '1 arm' : `${charts.length} arms`
    if (found === undefined) {
      const cause = onlyLocal
        ? 'helm or the charts are not on this machine. `meshbench doctor` checks them, and so does a run before it makes anything'
        : 'helm is not on this machine. A run fetches it and checks them before it makes anything'
      return [ok(`the charts of ${count} are not checked yet: ${cause}`)]
    }
    return found.length > 0
      ? found
      : [ok(`the charts of ${count} make what is waited for and what is brought into the nodes`)]
  } catch (thrown) {
    return [Failure.from(thrown).toFinding()]
  }
}

function tryArm(arm: Arm, scenario: Scenario, site: Site): ArmMesh | Finding {
  try {
    return armMesh(arm, scenario, site)
  } catch (thrown) {
    return Failure.from(thrown).toFinding()
  }
}

async function leftoverFindings({
  leftovers,
  keptMemory,
}: Pick<Readers, 'leftovers' | 'keptMemory'>): Promise<Finding[]> {
  try {
    const found = await leftovers()
    return [deadFinding(found), ...(await keptFinding(found, keptMemory)), ...unrecordedFinding(found)]
  } catch (thrown) {
    return [{ ...Failure.from(thrown).toFinding(), severity: 'warning' }]
  }
}

function deadFinding(found: readonly Leftover[]): Finding {
  const dead = found.filter(isAbandoned)
  if (dead.length === 0) return ok('nothing is left of earlier runs')
  return warning(
    `left of earlier runs: ${dead.map(({ what }) => what).join(', ')}`,
    'It takes memory and CPU from what is measured.',
    'meshbench clean',
  )
}

async function keptFinding(found: readonly Leftover[], memory: Readers['keptMemory']): Promise<Finding[]> {
  const count = found.filter(({ spared }) => spared === 'kept').length
  if (count === 0) return []
  const bytes = await memory()
  const size = bytes === undefined ? '' : `, ${formatSize(bytes)} of memory`
  const clusters = count === 1 ? '1 kept cluster' : `${count} kept clusters`
  return [ok(`${clusters}${size}: for the next run of the same arms; \`meshbench clean --kept\` removes them`)]
}

function unrecordedFinding(found: readonly Leftover[]): Finding[] {
  const unrecorded = found.filter(({ spared }) => spared === 'unrecorded')
  if (unrecorded.length === 0) return []
  return [
    warning(
      `named like ours: ${unrecorded.map(({ what }) => what).join(', ')}`,
      'If nobody needs it, it takes memory and CPU from what is measured.',
      'meshbench clean --all',
    ),
  ]
}

/** A chart or manifests that an installation reads. */
type Place =
  | { readonly kind: 'chart'; readonly chart: Chart; readonly version: string }
  | { readonly kind: 'manifests'; readonly place: string }

type PlaceReaders = Pick<Readers, 'exists' | 'addressTrouble'>

/** Charts and manifests are looked for before anything is made: an hour later every arm would fail for want of one. */
async function placesFinding(
  arms: readonly ArmMesh[],
  site: Pick<Site, 'gatewayApi'>,
  readers: PlaceReaders,
): Promise<Finding[]> {
  const places = placesOf(arms, site)
  if (places.length === 0) return []
  const troubles = await Promise.all(places.map(async (place) => ({ place, cause: await troubleOf(place, readers) })))
  const found = troubles.flatMap(({ place, cause }) =>
    cause === undefined
      ? []
      : [
          error(
            `${titleOf(place)} is not available`,
            cause,
            'Check the connection, or name another source in a site file.',
          ),
        ],
  )
  return found.length > 0 ? found : [ok(`${places.length} places of charts and manifests`)]
}

function placesOf(arms: readonly ArmMesh[], site: Pick<Site, 'gatewayApi'>): Place[] {
  const all = arms.flatMap(({ kubernetes, about }) =>
    kubernetes.install(about).flatMap((step): Place[] => {
      if (step.do === 'helm') return [{ kind: 'chart', chart: chartAddress(about, step.chart), version: step.version }]
      if (step.do === 'gateway-api') return [{ kind: 'manifests', place: site.gatewayApi.manifests }]
      if (step.do !== 'site-manifests') return []
      return (about.vendor.manifests ?? []).map((place) => ({ kind: 'manifests', place }))
    }),
  )
  return [...new Map(all.map((place) => [JSON.stringify(place), place])).values()]
}

/** Why a source is not available; undefined if it is, or if that is not known yet. */
async function troubleOf(place: Place, readers: PlaceReaders): Promise<string | undefined> {
  if (place.kind === 'manifests' && /^https?:/.test(place.place)) return await readers.addressTrouble(place.place)
  const path = place.kind === 'manifests' ? place.place : place.chart
  // Whoever renders it fetches it, and says why it cannot be had.
  if (place.kind === 'chart' && !isLocalChart(place.chart)) return undefined
  return (await readers.exists(String(path))) ? undefined : 'there is nothing at that path'
}

function titleOf(place: Place): string {
  if (place.kind === 'manifests') return `what is at ${place.place}`
  const { chart, version } = place
  const name = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
  return `the chart ${name}${isLocalChart(chart) ? '' : ` ${version}`}`
}
