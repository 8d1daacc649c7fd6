import { meshes } from '../../meshes/index.ts'
import type { Analysis } from '../../model/analysis.ts'
import { ENCRYPTIONS, type Mesh } from '../../model/mesh.ts'
import type { HeldReading } from '../../model/result.ts'
import type { Arm } from '../../model/scenario.ts'
import { traitsOf } from '../../model/traits.ts'
import { SCALING } from '../../model/usage.ts'
import type { Objection } from '../../model/verdict.ts'
import { count, list } from '../../model/words.ts'

/** Whether the traffic of an arm took the way of its mesh, and every part of the mesh was measured. */
export const PATHS = [unproved, componentsDiffer]

/**
 * On a real platform a valid trial must show that its traffic took the way of its arm: through the proxies of the mesh, at its
 * layer and encrypted as it claims, or past all proxies. Missing evidence is no proof, and an arm that was never in the mesh
 * would be an improvement.
 */
function unproved({ record, trials }: Analysis): Objection[] {
  const { plan, provenance } = record.run
  if (traitsOf(provenance.platform)?.arms === 'effects') return []
  return plan.scenario.arms.flatMap((arm) => {
    const mesh = meshes[arm.mesh]
    const own = trials.filter(({ status, result }) => status === 'valid' && result.trial.arm === arm.name)
    const lacks = own.flatMap(({ result }) => {
      if (result.outcome.status === 'failed') return []
      const lack = mesh ? lackOf(result.outcome.reading, mesh) : `this version does not know the mesh ${arm.mesh}`
      return lack ? [{ lack, id: result.trial.id }] : []
    })
    const [first] = lacks
    if (!first) return []
    return [
      {
        rule: 'unproved-path',
        message: `${count(lacks.length, 'trial')} of ${arm.name} did not prove the path of its traffic: ${first.lack} (${first.id}).`,
        remedy: 'Restore the files of this run, or measure it again; doctor checks whether the proxies can be read.',
        arm: arm.name,
        spoils: true,
      },
    ]
  })
}

/** What is missing from the proof that the traffic of a trial took the way of its arm; undefined where nothing is. */
function lackOf({ observation }: HeldReading, { layer, encryption }: Mesh): string | undefined {
  const { evidence, carried = {} } = observation
  const proxies = carrying(observation).filter(({ cpuSeconds }) => cpuSeconds > 0)
  const [proxy] = proxies
  const { requests = 0, connections = 0, bytes = 0 } = carried
  if (layer === 'none') {
    if (proxy) return `${proxy.component} is a proxy, and this arm has none`
    return requests + connections + bytes > 0 ? 'a proxy carried traffic, and this arm has none' : undefined
  }
  if (!proxy) return 'no proxy used CPU'
  if (requests + connections + bytes === 0) return 'no proxy counted traffic'
  if (encryption !== 'none' && !evidence.some(({ name, holds }) => name === encryption && holds)) {
    return `${ENCRYPTIONS[encryption].title} is not proved`
  }
  const seen = evidence.find(({ name }) => name === 'layer')?.seen
  return seen?.includes(layer) ? undefined : `the layer is ${seen ?? 'unknown'}, not ${layer}`
}

function carrying({ usage }: HeldReading['observation']) {
  return usage.filter(({ role }) => SCALING[role]?.carries)
}

/** Trials of arms of one mesh have the same proxies: without one of them, the CPU and memory of an arm are too low. */
function componentsDiffer({ record, trials }: Analysis): Objection[] {
  const { arms } = record.run.plan.scenario
  const valid = trials.filter(({ status }) => status === 'valid')
  const alike = Map.groupBy(arms, ({ mesh, placement, replicas, entrance }: Arm) =>
    JSON.stringify([mesh, placement, replicas, entrance]),
  )
  return [...alike.values()].flatMap((those) => {
    const names = new Set(those.map(({ name }) => name))
    const sets = valid.flatMap(({ result: { trial, outcome } }) => {
      if (outcome.status === 'failed' || !names.has(trial.arm)) return []
      const proxies = carrying(outcome.reading.observation).map(({ component, role }) => `${component} (${role})`)
      return [{ trial, proxies: list(proxies.toSorted()) }]
    })
    const most = sets.reduce((longest, { proxies }) => (proxies.length > longest.length ? proxies : longest), '')
    const lacking = sets.find(({ proxies }) => proxies !== most)
    if (!lacking) return []
    return [
      {
        rule: 'components-differ',
        message: `Trials of ${list([...names])} have different proxies: ${lacking.trial.id} has ${lacking.proxies || 'none'}, others have ${most}.`,
        remedy: 'Restore the files of this run, or measure it again.',
        arm: lacking.trial.arm,
        spoils: true,
      },
    ]
  })
}
