import { processLeftovers } from '../../host/processes.ts'
import { makeScratch, type Scratch, scratchLeftovers } from '../../host/scratch.ts'
import { chartCache, manifestCache } from '../../kubernetes/install/chart-cache.ts'
import { WORKLOAD_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Cohort, Plan } from '../../model/plan.ts'
import type { Leftover, Platform, RunningArm, Step, Testbed } from '../../model/platform.ts'
import { isOperated, mostGenerators } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { obtainAll } from '../../tools/obtain.ts'
import { armMesh, imagesOf } from '../in-cluster/arm-mesh.ts'
import {
  type Application,
  applicationFindings,
  applicationOf,
  filesOfApplication,
} from '../in-cluster/own-application.ts'
import { raiseInCluster } from '../in-cluster/raise.ts'
import { removePods } from '../in-cluster/workload.ts'
import { removeRemains } from '../remains.ts'
import { checkKind, reviewKind } from './check/check-kind.ts'
import { readersOf } from './check/readers.ts'
import { type Examination, examineArms } from './check/remote-check.ts'
import { clusterLeftovers } from './cluster/cluster-leftovers.ts'
import { records } from './cluster/cluster-record.ts'
import { imageCache, pulledImages, pullImages } from './cluster/image-cache.ts'
import { network } from './cluster/network.ts'
import { ClusterPool } from './cluster-pool.ts'
import { docker } from './docker.ts'
import { isFrozen as areFrozen, freeze, thaw } from './freeze.ts'
import { type RunContext, standing } from './run-context.ts'
import { makeSharedTestbed } from './shared-kind.ts'

export interface KindOptions {
  readonly site: Site
  /** Leave the clusters standing, frozen, for the next run. */
  readonly keep: boolean
  /** Where the scenario file is. */
  readonly folder?: string | undefined
}

/** Arms as clusters of three nodes each, made by kind in Docker; all but the measured one are frozen. */
export function kind({ site, keep, folder }: KindOptions): Platform {
  let application: Application | undefined
  let programs: { readonly kind: Program; readonly helm: Program } | undefined
  let isExamined = false
  const examine = async (message: Examination) => {
    const found = await examineArms(message)
    isExamined = found !== undefined
    return found
  }
  return {
    name: 'kind',
    title: 'real meshes, each in its own Kubernetes cluster in Docker, created by kind',
    check: async (plan) => [
      ...(await applicationFindings(plan.scenario, filesOfApplication(plan, folder), WORKLOAD_NAMESPACE)),
      ...(await checkKind(plan, site, { ...readersOf(), examine })),
    ],
    review: async (plan) => [
      ...(await applicationFindings(plan.scenario, filesOfApplication(plan, folder), WORKLOAD_NAMESPACE)),
      ...(await reviewKind(plan, site, { examine: examineArms })),
    ],
    async *prepare(plan, signal) {
      programs = yield* obtainAll(['kind', 'helm'], { signal, catalogue: catalogueFor(site) })
      if (!isExamined) yield* refuseCharts(plan, site, programs.helm)
      application = await applicationOf(plan, filesOfApplication(plan, folder), { helm: programs.helm, site }, signal)
      const images = yield* pullImages(imagesOf(plan.scenario, site, application), docker({ signal }))
      return {
        tools: [programs.kind.provenance, programs.helm.provenance, ...images],
        caveat: plan.scenario.isolation === 'shared' ? SHARED_CAVEAT : CAVEAT,
      }
    },
    async *open(plan, cohort, run, signal) {
      if (!programs) throw new Failure('not-prepared', 'a run is prepared before it is opened')
      yield* removeRemains(leftovers, run.id)
      await using held = new AsyncDisposableStack()
      const scratch = await makeScratch(run.id)
      held.defer(() => scratch.remove())
      const runContext = runContextOf({ plan, run: run.id, site, keep, application, ...programs }, scratch)
      const testbed = held.use(yield* makeTestbed(runContext, cohort, signal))
      const owned = held.move()
      return { raise: testbed.raise, lower: testbed.lower, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    },
    leftovers,
  }
}

/** Where helm was not here when the plan was checked, it is now. */
async function* refuseCharts({ scenario }: Plan, site: Site, { path }: Program): AsyncGenerator<Step> {
  yield { title: 'rendering the charts of all arms' }
  const arms = scenario.arms.map((arm) => armMesh(arm, scenario, site))
  const found = (await examineArms({ arms, site, helm: path })) ?? []
  for (const { severity, message, cause } of found)
    if (severity === 'warning') yield { title: `warning: ${message}. ${cause}` }
  const wrong = found.filter(({ severity }) => severity === 'error')
  if (wrong.length === 0) return
  throw new Failure('not-ready', 'the charts of this plan do not create what their arms need', {
    cause: wrong.map(({ message, cause }) => [message, cause].filter(Boolean).join(': ')).join('\n'),
    remedy: [...new Set(wrong.map(({ remedy }) => remedy))].join(' '),
  })
}

type Chosen = Pick<RunContext, 'plan' | 'run' | 'site' | 'keep' | 'kind' | 'helm' | 'application'>

function runContextOf(chosen: Chosen, { dir, stamps }: Scratch): RunContext {
  const env = { ...process.env, ...stamps }
  const able = docker({ env })
  const charts = chartCache({ helm: chosen.helm.path, dir, env })
  const shelves = { images: imageCache(dir, able), charts, manifests: manifestCache() }
  return { ...chosen, ...shelves, env, dir, docker: able, records: records(), network: network() }
}

/** In the order in which they are to go: what still works makes more of the others. */
async function leftovers(): Promise<Leftover[]> {
  const images = await pulledImages().leftovers(docker())
  return [...processLeftovers(), ...(await clusterLeftovers()), ...scratchLeftovers(), ...images]
}

const SHARED_CAVEAT =
  'All arms share one cluster on one machine, each beside the idle control planes of the others: nodes are containers that share its cores, so figures compare meshes and do not predict a production cluster.'

const CAVEAT =
  'Every arm has a cluster of its own on one machine: nodes are containers that share its cores, so figures compare meshes and do not predict a production cluster.'

/** For taking the workload away, in milliseconds. */
const PATIENCE = 60_000

/** Where arms are frozen, all stand from the start, so that the first block is like the others; else one at a time. */
export async function* makeTestbed(
  runContext: RunContext,
  cohort: Cohort,
  signal: AbortSignal,
): AsyncGenerator<Step, Testbed> {
  const { isolation } = runContext.plan.scenario
  if (isolation === 'shared') {
    if (runContext.keep) yield { title: 'one cluster for all arms is not kept: --keep is for frozen ones' }
    return yield* makeSharedTestbed(runContext, cohort, signal)
  }
  const isFrozen = isolation !== 'sequential'
  const pool = new ClusterPool(runContext, cohort)
  // Also where nobody asks for the next step any more.
  await using unless = new AsyncDisposableStack()
  unless.use(pool)
  if (isFrozen) yield* pool.provisionAll(signal)
  unless.move()
  return {
    async *raise(arm, signal): AsyncGenerator<Step, RunningArm> {
      const up = yield* pool.of(arm, signal)
      if (await areFrozen(up, runContext)) yield { title: 'thawing' }
      await thaw(up, runContext)
      return yield* raiseInCluster(standing(up, runContext), signal)
    },
    async lower({ name }) {
      const up = await pool.toPutDown(name)
      if (!up) return
      // It may be frozen in part, where raising it broke half way.
      await thaw(up, runContext)
      const generators = mostGenerators(runContext.plan.scenario.loads)
      const operated = runContext.plan.scenario.loads.some(isOperated)
      await removePods(up.cluster, { ...up.of, generators, operated }, AbortSignal.timeout(PATIENCE))
      if (isFrozen) await freeze(up, runContext)
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
