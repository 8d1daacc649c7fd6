import { stringify } from 'yaml'
import { EXIT } from '../model/exit-codes.ts'
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
  const objects = rbacObjects(rulesFor(plan, site), options.name, options.namespace)
  if (options.json) context.stdout.writeJson({ schema: 1, command: 'rbac', objects })
  else context.stdout.write(objects.map((object) => stringify(object)).join('---\n'))
  return EXIT.ok
}
