import { stringify } from 'yaml'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import { armsByContext } from '../model/scenario.ts'
import { IN_ANY_CLUSTER } from '../model/traits.ts'
import { rbacObjects, rulesFor } from '../platforms/cluster/rights.ts'
import { choosePlan, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'

export interface RbacOptions extends SelectionOptions {
  readonly name: string
  readonly namespace: string
}

/** `meshbench rbac`: prints the rights that a plan needs in a cluster that is there already, as objects for kubectl. */
export async function rbacCommand(
  [scenario]: readonly string[],
  options: RbacOptions,
  context: CommandContext,
): Promise<number> {
  const { plan, site } = await choosePlan(scenario, { ...options, platform: IN_ANY_CLUSTER }, context)
  const objects = rbacObjects(rulesFor(inOneCluster(plan, options), site), options.name, options.namespace)
  if (options.json) context.stdout.writeJson({ schema: 1, command: 'rbac', objects })
  else context.stdout.write(objects.map((object) => stringify(object)).join('---\n'))
  return EXIT.ok
}

/** The part of a plan that one cluster needs rights for: where arms stand in several, that of --context. */
function inOneCluster(plan: Plan, { context }: Pick<RbacOptions, 'context'>): Plan {
  const groups = armsByContext(plan.scenario)
  if (groups.size < 2) return plan
  const arms = groups.get(context)
  if (arms) return { ...plan, scenario: { ...plan.scenario, arms } }
  const names = [...groups.keys()].flatMap((name) => name ?? [])
  throw new Failure('usage', `the arms stand in ${groups.size} clusters, and rights are given in one`, {
    remedy: `Name one after the other: --context ${names.join(', --context ')}.`,
  })
}
