import { gatewayOf } from '../../meshes/gateway-of.ts'
import { type Arm, baselineOf } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import type { ComparisonRule } from './comparison.ts'

/** Between an arm behind a gateway and one that is asked directly stands the whole gateway. */
export const entrancesDiffer: ComparisonRule = {
  name: 'entrances-differ',
  title: 'Load enters all arms by the same way',
  problem: 'Load enters arms by different ways',
  judge({ record }) {
    const { scenario } = record.run.plan
    const isBehind = (arm: Arm) => gatewayOf(arm) !== undefined
    const behind = scenario.arms.filter(isBehind)
    const direct = scenario.arms.filter((arm) => !isBehind(arm))
    if (behind.length === 0 || direct.length === 0) return []
    const names = (arms: readonly Arm[]) => list(arms.map(({ name }) => name))
    const baseline = baselineOf(scenario)
    const compared = isBehind(baseline) ? names(direct) : names(behind)
    return [
      {
        severity: 'warning',
        cause: `Load enters ${names(behind)} by the gateway of the mesh, and comes to the Service of ${names(direct)} directly.`,
        effect: `What ${compared} differs by from ${baseline.name} includes all that the gateway costs, and no client proxy. An application without a mesh has a gateway of some kind too, which is not measured here.`,
        remedy:
          'Compare arms behind a gateway with each other. The same mesh once more with `entrance: service` shows what entering from within costs.',
      },
    ]
  },
}
