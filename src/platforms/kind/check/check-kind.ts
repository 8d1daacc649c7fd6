import type { Plan } from '../../../model/plan.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Scenario } from '../../../model/scenario.ts'
import type { Site } from '../../../model/site.ts'
import { armMesh, imagesOf } from '../arm.ts'
import type { DockerInfo } from '../docker.ts'
import { coresFinding, memoryFinding, memoryThere } from './capacity.ts'
import { clockFinding } from './clock.ts'
import { daemonFindings } from './daemon.ts'
import { diskFinding } from './disk.ts'
import { refusal } from './finding.ts'
import { imageFindings } from './images.ts'
import { isHere } from './is-here.ts'
import { inotifyFinding, modulesFinding, portsFinding } from './kernel.ts'
import { leftoverFinding } from './leftover-clusters.ts'
import { type Readers, readersOf } from './readers.ts'

const NODES_PER_ARM = 3

/** What stands in the way of a plan on kind. Changes nothing, and asks registries only for what is not here. */
export async function checkKind({ scenario }: Plan, site: Site, readers: Readers = readersOf()): Promise<Finding[]> {
  const asked = readers.now()
  let info: DockerInfo
  try {
    info = await readers.docker.info()
  } catch (thrown) {
    return [refusal(thrown)]
  }
  const clock = await clockFinding(info, readers, asked, readers.now())
  const isolation = scenario.isolation ?? 'frozen'
  const nodes = NODES_PER_ARM * (isolation === 'frozen' ? scenario.arms.length : 1)
  return [
    ...daemonFindings(info, site.kind.nodeImage),
    memoryFinding(await memoryThere(info, readers), scenario.arms, isolation),
    coresFinding(info),
    ...(isHere(info, readers) ? await machineFindings(info, readers, scenario, nodes) : []),
    ...(await armFindings(scenario, site, readers)),
    clock,
    await leftoverFinding(readers.leftovers),
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

/** Arms that cannot be installed as they are written, and the images of those that can. */
async function armFindings(scenario: Scenario, site: Site, { docker }: Readers): Promise<Finding[]> {
  const refused = scenario.arms.flatMap((arm) => {
    try {
      armMesh(arm, scenario.profile, site)
      return []
    } catch (thrown) {
      return [{ arm, finding: refusal(thrown) }]
    }
  })
  const arms = scenario.arms.filter((arm) => !refused.some((one) => one.arm === arm))
  return [
    ...refused.map(({ finding }) => finding),
    ...(await imageFindings(imagesOf({ ...scenario, arms }, site), docker)),
  ]
}
