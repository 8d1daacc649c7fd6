import type { Step } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { armMesh } from './arm.ts'
import { blueprintOf } from './blueprint.ts'
import { clusterName } from './cluster/name.ts'
import type { Ground } from './ground.ts'
import { provision } from './provision.ts'
import { reuse } from './reuse.ts'
import type { Standing } from './standing.ts'

/** An arm's cluster: one that an earlier run has kept, else a new one. */
export async function* stand(
  arm: Arm,
  cohort: number,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing> {
  const { plan, site, run } = ground
  const of = armMesh(arm, plan.scenario.profile, site)
  const blueprint = await blueprintOf(of, ground, signal)
  // A later cohort is there to be provisioned anew.
  const kept = cohort === 1 ? yield* reuse(of, blueprint, ground, signal) : undefined
  if (kept) return kept
  const name = clusterName(run, cohort, plan.scenario.arms.indexOf(arm) + 1)
  return yield* provision(of, name, blueprint, ground, signal)
}
