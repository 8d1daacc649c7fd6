import { processLeftovers } from '../../host/processes.ts'
import { makeScratch, scratchLeftovers } from '../../host/scratch.ts'
import { connect } from '../../kubernetes/connect.ts'
import type { KubeContext } from '../../kubernetes/kubeconfig.ts'
import { meshes } from '../../meshes/index.ts'
import { WORKLOAD_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import { type Plan, visitedArms } from '../../model/plan.ts'
import type { Finding, Leftover, Platform, Testbed } from '../../model/platform.ts'
import { type Arm, armsByContext } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import { list } from '../../model/words.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { obtainAll } from '../../tools/obtain.ts'
import { warning } from '../findings.ts'
import {
  type Application,
  applicationFindings,
  applicationOf,
  filesOfApplication,
} from '../in-cluster/own-application.ts'
import { isInstalled } from '../in-cluster/shared-cluster.ts'
import { removeRemains } from '../remains.ts'
import { checkCluster } from './check-cluster.ts'
import { windowsFindings } from './check-kubelets.ts'
import { hasAgents, openTestbed } from './cluster-testbed.ts'
import { armWords, refuseOneCluster, type Standing, standingsOf } from './standings.ts'
import { leftoversIn, usedContexts } from './used-contexts.ts'

export interface ClusterOptions {
  readonly site: Site
  /** Where `clean` looks besides the contexts that were used. Runs take those of the scenario. */
  readonly context?: string | undefined
  /** The kubeconfig; that of KUBECONFIG or of the home folder when absent. */
  readonly kubeconfig?: string | undefined
  /** Where the scenario file is. */
  readonly folder?: string | undefined
}

/** Arms in clusters that were there before: a namespace each, and control planes side by side where they share a cluster. */
export function cluster({ site, context: named, kubeconfig, folder }: ClusterOptions): Platform {
  let application: Application | undefined
  let helm: Program | undefined
  const leftovers = async (): Promise<Leftover[]> => {
    const asked = named === undefined ? [] : await leftoversIn({ context: named, kubeconfig }, site)
    return [...processLeftovers(), ...(await usedContexts().leftovers(site)), ...asked, ...scratchLeftovers()]
  }
  return {
    name: 'cluster',
    title: 'real meshes in a Kubernetes cluster that is there already, named by a context of the kubeconfig',
    check: async (plan) => {
      try {
        const standings = await standingsOf(plan, kubeconfig)
        const files = filesOfApplication(plan, folder)
        return [
          ...(await applicationFindings(plan.scenario, files, WORKLOAD_NAMESPACE)),
          ...(await checkEach(standings, site)),
          ...apartFindings(plan),
        ]
      } catch (error) {
        return [Failure.from(error).toFinding()]
      }
    },
    review: async (plan) => [...windowsFindings(plan), ...apartFindings(plan)],
    consent: async (plan) => {
      const standings = await standingsOf(plan, kubeconfig)
      return (await Promise.all(standings.map((one) => consentTo(one, standings.length > 1)))).join('\n')
    },
    async *prepare(plan, signal) {
      const standings = await standingsOf(plan, kubeconfig)
      await refuseOneCluster(standings)
      const programs = yield* obtainAll(['helm'], { signal, catalogue: catalogueFor(site) })
      helm = programs.helm
      application = await applicationOf(plan, filesOfApplication(plan, folder), { helm, site }, signal)
      return { tools: [helm.provenance], caveat: caveatOf(standings, plan) }
    },
    async *open(plan, cohort, run, signal) {
      if (!helm) throw new Failure('not-prepared', 'a run is prepared before it is opened')
      const standings = await standingsOf(plan, kubeconfig)
      yield* removeRemains(leftovers, run.id)
      await using held = new AsyncDisposableStack()
      const scratch = await makeScratch(run.id)
      held.defer(() => scratch.remove())
      const env = { ...process.env, ...scratch.stamps }
      const used = usedContexts()
      const testbeds = new Map<string, Testbed>()
      for (const { context, plan: own } of standings) {
        const arms = visitedArms(own, cohort)
        if (arms.length === 0) continue
        await used.add({ context: context.name, kubeconfig })
        held.defer(() => used.forgetUnused({ context: context.name, kubeconfig }, site))
        if (standings.length > 1) yield { title: `in the cluster of context ${context.name}` }
        const dir = await scratch.folder(`cluster-${testbeds.size + 1}`)
        const use = { plan: own, run: run.id, site, helm, context, env, dir, application }
        const testbed = held.use(yield* openTestbed(use, cohort, signal))
        for (const { name } of arms) testbeds.set(name, testbed)
      }
      const testbedOf = ({ name }: Arm) => {
        const testbed = testbeds.get(name)
        if (!testbed) throw new TypeError(`arm ${name} stands in no cluster`)
        return testbed
      }
      const owned = held.move()
      return {
        raise: (arm, limit) => testbedOf(arm).raise(arm, limit),
        lower: (arm) => testbedOf(arm).lower(arm),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      }
    },
    leftovers,
  }
}

/** What stands in the way in each cluster, with its context where there are several. */
async function checkEach(standings: readonly Standing[], site: Site): Promise<Finding[]> {
  const found = standings.map(async ({ context, plan }): Promise<Finding[]> => {
    const own = await checkCluster(plan, context, site).catch((error) => [Failure.from(error).toFinding()])
    if (standings.length === 1) return own
    return own.map((one) => ({ ...one, message: withContext(one.message, context) }))
  })
  const all = (await Promise.all(found)).flat()
  if (all.some(({ severity }) => severity === 'error')) return all
  await refuseOneCluster(standings)
  return all
}

function withContext(message: string, { name }: KubeContext): string {
  return message.includes(`context ${name}`) ? message : `context ${name}: ${message}`
}

/** By the plan alone: arms that stand in different clusters. */
function apartFindings({ scenario }: Plan): Finding[] {
  const groups = [...armsByContext(scenario)]
  if (groups.length < 2) return []
  const where = groups.map(([name, arms]) => {
    return `${list(arms.map((arm) => arm.name))} in ${name ?? 'the cluster of --context'}`
  })
  return [
    warning(
      `arms stand in ${groups.length} clusters: ${where.join('; ')}`,
      'What differs between these clusters (nodes, processors, network, versions) is in the differences between their arms.',
      'Let arms that are to be compared stand in one cluster; or measure the baseline in each, to see what the clusters differ by.',
    ),
  ]
}

async function consentTo({ context, plan }: Standing, amongOthers: boolean): Promise<string> {
  const { name, server, kubeconfig } = context
  await using open = await connect(kubeconfig)
  const nodes = await open.list({ apiVersion: 'v1', kind: 'Node' })
  const installs = plan.scenario.arms.some((arm) => meshes[arm.mesh]?.layer !== 'none' && isInstalled(plan, arm))
  const what = installs ? 'installs the control planes of its meshes, and makes' : 'makes'
  const whose = amongOthers ? ` for ${armWords({ plan })}` : ''
  return `meshbench ${what} namespaces in the cluster of context ${name} (${server}, ${nodes.length} nodes)${whose}, puts load on it, and removes them afterwards.`
}

function caveatOf(standings: readonly Standing[], { scenario }: Plan): string {
  const [only, another] = standings
  const where =
    only && !another
      ? `All arms share the cluster of context ${only.context.name}: control planes stand side by side, so each arm is measured beside the idle control planes of the others.`
      : `Arms stand in ${standings.length} clusters (${standings.map((one) => `${armWords(one)} in that of context ${one.context.name}`).join('; ')}): what differs between these clusters is in the differences between their arms. Arms of one cluster are measured beside the idle control planes of each other.`
  if (hasAgents(scenario)) return where
  return `${where} CPU and memory are from the counters of the kubelets, interpolated to the windows; their error is in the evidence of each trial. How busy the machines were, and whether other programs ran on them, is not known.`
}
