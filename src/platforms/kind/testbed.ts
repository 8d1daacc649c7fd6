import type { Cohort } from '../../model/plan.ts'
import type { Seat, Step, Testbed } from '../../model/platform.ts'
import { Fleet } from './fleet.ts'
import { freeze, thaw } from './freeze.ts'
import type { Ground } from './ground.ts'
import { raiseOn } from './raise.ts'
import { removePods } from './workload/pods.ts'

/** For taking the workload away, in milliseconds. */
const PATIENCE = 60_000

/** Where arms are frozen, all stand from the start, so that the first block is like the others; else one at a time. */
export async function* makeTestbed(ground: Ground, cohort: Cohort, signal: AbortSignal): AsyncGenerator<Step, Testbed> {
  const isFrozen = ground.plan.scenario.isolation !== 'sequential'
  const fleet = new Fleet(ground, cohort)
  // Also where nobody asks for the next step any more.
  await using unless = new AsyncDisposableStack()
  unless.use(fleet)
  if (isFrozen) yield* fleet.provisionAll(signal)
  unless.move()
  return {
    async *raise(arm, signal): AsyncGenerator<Step, Seat> {
      return yield* raiseOn(yield* fleet.of(arm, signal), ground, signal)
    },
    async lower({ name }) {
      const up = await fleet.toPutDown(name)
      if (!up) return
      // It may be frozen in part, where raising it broke half way.
      await thaw(up, ground)
      await removePods(up.cluster, up.of.arm, AbortSignal.timeout(PATIENCE))
      if (isFrozen) await freeze(up, ground)
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  }
}
