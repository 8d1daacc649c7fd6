import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import type { KubeContext } from '../../kubernetes/kubeconfig.ts'
import { Failure } from '../../model/failure.ts'
import { NODE_PARTS } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { Finding } from '../../model/platform.ts'
import { mostGenerators } from '../../model/scenario.ts'
import type { Site } from '../../model/site.ts'
import { count, list } from '../../model/words.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { locate } from '../../tools/locate.ts'
import { findingsOf, ok, warning } from '../findings.ts'
import { isInstalled } from '../in-cluster/shared-cluster.ts'
import { installSideBySide } from '../in-cluster/side-by-side.ts'
import { kubeletFindings, windowsFindings } from './check-kubelets.ts'
import { type ClusterNode, chooseNodes, moreClients } from './choose-nodes.ts'
import { armInRun, hasAgents } from './cluster-testbed.ts'
import { asExisting } from './control-planes.ts'
import { inventoriesIn } from './inventory.ts'
import { placementsIn } from './places.ts'
import { renderedFor, rulesToInstall } from './rights/install-rights.ts'
import { rightsOf, rightText, rulesFor } from './rights/rights.ts'

/** For the API server to answer everything that is asked, in milliseconds. */
const ANSWER = 60_000

/** What stands in the way of a plan in a cluster that is there already. Changes nothing. */
export async function checkCluster(plan: Plan, context: KubeContext, site: Site): Promise<Finding[]> {
  const signal = AbortSignal.timeout(ANSWER)
  await using cluster = await connect(context.kubeconfig)
  const found: Finding[] = []
  const nodes = await cluster.list<ClusterNode>({ apiVersion: 'v1', kind: 'Node' }, signal)
  const version = nodes[0]?.status.nodeInfo.kubeletVersion ?? 'unknown'
  found.push(
    ok(`context ${context.name}: ${context.server} answers, Kubernetes ${version}, ${count(nodes.length, 'node')}`),
  )
  found.push(...findingsOf(() => nodesFinding(nodes, plan)), ...windowsFindings(plan))
  if (!hasAgents(plan.scenario)) found.push(...(await kubeletsOf(cluster, nodes, plan, signal)))
  const arms = plan.scenario.arms.map((arm) => armInRun(arm, { plan, site }, 'check'))
  const installed = arms.filter(({ arm }) => isInstalled(plan, arm))
  found.push(...findingsOf(() => [ok(besideWords(installSideBySide(installed)))]))
  for (const of of arms.filter((one) => !installed.includes(one))) {
    try {
      const { about, arm } = await asExisting(of, cluster, signal)
      if (about.vendor.name !== '') found.push(ok(`arm ${arm.name}: ${arm.mesh} ${about.version} is there`))
    } catch (error) {
      found.push(Failure.from(error).toFinding())
    }
  }
  const others = await inventoriesIn(cluster, signal)
  if (others.length > 0) {
    found.push(
      warning(
        `something of other runs is in this cluster: ${list(others.map(({ run }) => run))}`,
        'A run does not start beside another, and not beside what one has left.',
        `If they have ended, remove it: meshbench clean --context ${context.name}`,
      ),
    )
  }
  found.push(await rightsFinding(cluster, plan, site, signal))
  return found
}

/** At once. Many questions would be throttled. */
const WIDTH = 16

async function rightsFinding(cluster: Cluster, plan: Plan, site: Site, signal: AbortSignal): Promise<Finding> {
  const helm = await locate('helm', { catalogue: catalogueFor(site) })
  const installing = helm ? rulesToInstall(await renderedFor(plan, site, helm, signal)) : undefined
  const rights = rightsOf(rulesFor(plan, site, installing))
  if (await cluster.mayI(ANYTHING, signal)) return ok('this user is an administrator, who has all rights')
  const missing: string[] = []
  for (let from = 0; from < rights.length; from += WIDTH) {
    const asked = rights.slice(from, from + WIDTH).map(async (right) => {
      return (await cluster.mayI(right, signal)) ? [] : [rightText(right)]
    })
    missing.push(...(await Promise.all(asked)).flat())
  }
  if (missing.length === 0) return ok(`this user has all ${rights.length} rights that the plan needs`)
  const many = missing.length > SHOWN ? [...missing.slice(0, SHOWN), `${missing.length - SHOWN} others`] : missing
  return {
    severity: 'error',
    message: `this user lacks ${count(missing.length, 'right')} of ${rights.length}: ${list(many)}`,
    remedy: 'Let an administrator apply what `meshbench rbac` prints.',
  }
}

const ANYTHING = { verb: '*', group: '*', resource: '*' } as const
/** Rights that are named, of those that are missing. */
const SHOWN = 30

function nodesFinding(nodes: readonly ClusterNode[], plan: Plan): Finding[] {
  const { cluster, loads } = plan.scenario
  const chosen = [...chooseNodes(nodes, cluster, placementsIn(plan))]
  return chosen.map(([placement, one]) => {
    const parts = NODE_PARTS.map((part) => `${part} on ${one[part].metadata.name}`)
    const further = moreClients(nodes, one, mostGenerators(loads), cluster)
    const names = list(further.map(({ metadata }) => metadata.name))
    const more = further.length > 0 ? `; further load generators on ${names}` : ''
    return ok(`nodes${chosen.length > 1 ? ` for ${placement}` : ''}: ${parts.join(', ')}${more}`)
  })
}

async function kubeletsOf(cluster: Cluster, nodes: readonly ClusterNode[], plan: Plan, signal: AbortSignal) {
  try {
    const chosen = chooseNodes(nodes, plan.scenario.cluster, placementsIn(plan))
    const names = new Set([...chosen.values()].flatMap((one) => NODE_PARTS.map((part) => one[part].metadata.name)))
    return await kubeletFindings(cluster, [...names], signal)
  } catch (error) {
    // That there are too few nodes is said already.
    if (/^no-(nodes|zones)$/.test(Failure.from(error).code)) return []
    throw error
  }
}

function besideWords(shared: ReturnType<typeof installSideBySide>): string {
  const installed = shared.filter(({ steps }) => steps.length > 0)
  if (installed.length === 0) return 'nothing is installed'
  return `side by side: ${installed.map(({ about, arms }) => `${about.vendor.name} ${about.version} for ${list(arms.map(({ arm }) => arm.name))}`).join('; ')}`
}
