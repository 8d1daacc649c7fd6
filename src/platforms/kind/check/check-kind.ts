import type { Plan } from '../../../model/plan.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Arm, Scenario } from '../../../model/scenario.ts'
import type { Site } from '../../../model/site.ts'
import { type ArmMesh, armMesh, imagesOf } from '../arm.ts'
import type { DockerInfo } from '../docker.ts'
import { coresFinding, memoryFinding, memoryThere } from './capacity.ts'
import { clockFinding } from './clock.ts'
import { daemonFindings, localDaemon } from './daemon.ts'
import { archivesFinding, diskFinding } from './disk.ts'
import { ok, refusal } from './finding.ts'
import { imageFindings } from './images.ts'
import { isHere } from './is-here.ts'
import { inotifyFinding, modulesFinding, portsFinding } from './kernel.ts'
import { leftoverFindings } from './leftover-clusters.ts'
import { placesFinding } from './places.ts'
import { type Readers, readersOf } from './readers.ts'

const NODES_PER_ARM = 3

/** What stands in the way of a plan on kind. Changes nothing, and asks registries only for what is not here. */
export async function checkKind({ scenario }: Plan, site: Site, readers: Readers = readersOf()): Promise<Finding[]> {
  const asked = readers.now()
  let info: DockerInfo
  try {
    info = await localDaemon(readers.docker)
  } catch (thrown) {
    return [refusal(thrown)]
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
    intercepts ? modulesFinding(readers) : [],
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
    ...(await chartFindings(able, site, readers, true)),
  ]
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
      const why = onlyLocal
        ? 'helm or they are not on this machine: `meshbench doctor` looks at them, and a run before it makes anything'
        : 'helm is not here yet: a run fetches it, and looks at them before it makes anything'
      return [ok(`the charts of ${count} were not looked at, since ${why}`)]
    }
    return found.length > 0
      ? found
      : [ok(`the charts of ${count} make what is waited for and what is brought into the nodes`)]
  } catch (thrown) {
    return [refusal(thrown)]
  }
}

function tryArm(arm: Arm, { profile }: Scenario, site: Site): ArmMesh | Finding {
  try {
    return armMesh(arm, profile, site)
  } catch (thrown) {
    return refusal(thrown)
  }
}
