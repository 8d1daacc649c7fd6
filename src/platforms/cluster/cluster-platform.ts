import { processLeftovers } from '../../host/processes.ts'
import { makeScratch, scratchLeftovers } from '../../host/scratch.ts'
import { connect } from '../../kubernetes/connect.ts'
import { type KubeContext, listContexts, readContext } from '../../kubernetes/kubeconfig.ts'
import { WORKLOAD_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Plan } from '../../model/plan.ts'
import type { Leftover, Platform } from '../../model/platform.ts'
import type { Program, Site } from '../../model/site.ts'
import { list } from '../../model/words.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { obtainAll } from '../../tools/obtain.ts'
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
import { leftoversIn, usedContexts } from './used-contexts.ts'

export interface ClusterOptions {
  readonly site: Site
  /** The context of the kubeconfig; that of the scenario when absent. */
  readonly context?: string | undefined
  /** The kubeconfig; that of KUBECONFIG or of the home folder when absent. */
  readonly kubeconfig?: string | undefined
  /** Where the scenario file is. */
  readonly folder?: string | undefined
}

/** Arms in one cluster that was there before: a namespace each, and control planes side by side. */
export function cluster({ site, context: named, kubeconfig, folder }: ClusterOptions): Platform {
  let application: Application | undefined
  let helm: Program | undefined
  const contextOf = async ({ scenario }: Plan): Promise<KubeContext> => {
    const name = named ?? scenario.cluster?.context
    if (name === undefined) throw await noContext(kubeconfig)
    return await readContext(name, kubeconfig)
  }
  const leftovers = async (): Promise<Leftover[]> => {
    const contexts = [...(await usedContexts().all()), ...(named === undefined ? [] : [{ context: named, kubeconfig }])]
    const found = await Promise.all(contexts.map((one) => leftoversIn(one, site)))
    return [...processLeftovers(), ...found.flat(), ...scratchLeftovers()]
  }
  return {
    name: 'cluster',
    title: 'real meshes in a Kubernetes cluster that is there already, named by a context of the kubeconfig',
    check: async (plan) => {
      try {
        return [
          ...(await applicationFindings(plan.scenario, filesOfApplication(plan, folder), WORKLOAD_NAMESPACE)),
          ...(await checkCluster(plan, await contextOf(plan), site)),
        ]
      } catch (error) {
        return [Failure.from(error).toFinding()]
      }
    },
    review: async (plan) => windowsFindings(plan),
    consent: async (plan) => {
      const { name, server, kubeconfig: text } = await contextOf(plan)
      await using open = await connect(text)
      const nodes = await open.list({ apiVersion: 'v1', kind: 'Node' })
      const installs = plan.scenario.arms.some((arm) => isInstalled(plan, arm))
      const what = installs ? 'installs the control planes of its meshes, and makes' : 'makes'
      return `meshbench ${what} namespaces in the cluster of context ${name} (${server}, ${nodes.length} nodes), puts load on it, and removes them afterwards.`
    },
    async *prepare(plan, signal) {
      const context = await contextOf(plan)
      const programs = yield* obtainAll(['helm'], { signal, catalogue: catalogueFor(site) })
      helm = programs.helm
      application = await applicationOf(plan, filesOfApplication(plan, folder), { helm, site }, signal)
      return { tools: [helm.provenance], caveat: caveatOf(context, plan) }
    },
    async *open(plan, cohort, run, signal) {
      if (!helm) throw new Failure('not-prepared', 'a run is prepared before it is opened')
      const context = await contextOf(plan)
      yield* removeRemains(leftovers, run.id)
      await using held = new AsyncDisposableStack()
      const scratch = await makeScratch(run.id)
      held.defer(() => scratch.remove())
      const used = usedContexts()
      await used.add({ context: context.name, kubeconfig })
      held.defer(() => used.forgetUnused({ context: context.name, kubeconfig }, site))
      const env = { ...process.env, ...scratch.stamps }
      const testbed = held.use(
        yield* openTestbed(
          { plan, run: run.id, site, helm, context, env, dir: scratch.dir, application },
          cohort,
          signal,
        ),
      )
      const owned = held.move()
      return { raise: testbed.raise, lower: testbed.lower, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    },
    leftovers,
  }
}

/** The current context is never used unasked: it may be production. */
async function noContext(kubeconfig: string | undefined): Promise<Failure> {
  const { names, current } = await listContexts(kubeconfig)
  const known = names.map((name) => (name === current ? `${name} (current)` : name))
  return new Failure('usage', 'the platform cluster needs the name of a context', {
    remedy: `Use --context NAME, or cluster: { context: NAME } in the scenario. The kubeconfig has: ${list(known) || 'none'}.`,
  })
}

function caveatOf({ name }: KubeContext, { scenario }: Plan): string {
  const beside = `All arms share the cluster of context ${name}: control planes stand side by side, so each arm is measured beside the idle control planes of the others.`
  if (hasAgents(scenario)) return beside
  return `${beside} CPU and memory are from the counters of the kubelets, interpolated to the windows; their error is in the evidence of each trial. How busy the machines were, and whether other programs ran on them, is not known.`
}
