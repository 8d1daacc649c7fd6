import { stringify } from 'yaml'
import { meshes } from '../meshes/index.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import { armsByContext } from '../model/scenario.ts'
import type { Site } from '../model/site.ts'
import { IN_ANY_CLUSTER } from '../model/traits.ts'
import { renderedFor, rulesToInstall } from '../platforms/cluster/rights/install-rights.ts'
import { rbacObjects, rulesFor } from '../platforms/cluster/rights/rights.ts'
import { isInstalled } from '../platforms/in-cluster/shared-cluster.ts'
import { catalogueFor } from '../site/catalogue-for.ts'
import { obtainAll } from '../tools/obtain.ts'
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
  const own = inOneCluster(plan, options)
  const rules = rulesFor(own, site, await rulesOfCharts(own, site, context))
  const objects = rbacObjects(rules, options.name, options.namespace)
  if (options.json) context.stdout.writeJson({ schema: 1, command: 'rbac', objects })
  else context.stdout.write(objects.map((object) => stringify(object)).join('---\n'))
  return EXIT.ok
}

/** What the charts of a plan take to be installed, for which they are rendered; undefined where none are, or where it cannot be told. */
async function rulesOfCharts(plan: Plan, site: Site, { stderr, signal }: CommandContext) {
  if (!plan.scenario.arms.some((arm) => isInstalled(plan, arm) && meshes[arm.mesh]?.layer !== 'none')) return undefined
  const steps = obtainAll(['helm'], { signal, catalogue: catalogueFor(site) })
  let next = await steps.next()
  for (; !next.done; next = await steps.next()) stderr.write(`${next.value.title}\n`)
  return rulesToInstall(await renderedFor(plan, site, next.value.helm, signal))
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
