import { stopwatch } from '../../host/stopwatch.ts'
import type { ChartCache, ManifestCache } from '../../kubernetes/install/chart-cache.ts'
import { describeInstallation, withRendered } from '../../kubernetes/install/describe-installation.ts'
import { installMesh, stamped } from '../../kubernetes/install/install-mesh.ts'
import { SYSTEM_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Installation } from '../../model/installation.ts'
import type { KubernetesObject, PodFact } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { RunningArm, Step, Testbed } from '../../model/platform.ts'
import { type Arm, isOperated, mostGenerators } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import type { Seconds } from '../../model/units.ts'
import { atOnce } from '../at-once.ts'
import { type ArmMesh, installationTime, installedReadiness, PATIENCE } from './arm-mesh.ts'
import type { ClusterArm, Place } from './cluster-arm.ts'
import { raiseInCluster } from './raise.ts'
import { installSideBySide, type SharedInstallation } from './side-by-side.ts'
import { removePods, workloadFor } from './workload.ts'

/** For the pods of a visit to go, in milliseconds. */
const LOWERING = 60_000

/** A cluster in which several arms stand side by side, each in a namespace of its own. */
export interface SharedCluster extends Omit<ClusterArm, 'of' | 'isForeign' | 'isConfigured'> {
  readonly site: Site
  readonly helm: Program
  readonly charts: ChartCache
  readonly manifests: ManifestCache
  /** What helm is started with. */
  readonly env: NodeJS.ProcessEnv
  /** A folder that only we can read, and the kubeconfig in it. */
  readonly dir: string
  readonly kubeconfigFile: string
  /** Namespaces of the run that are no arm's. */
  readonly ownNamespaces: readonly string[]
  /** Where an arm stands in its next visit, where that can change. */
  settle?(arm: Arm, signal: AbortSignal): Promise<Place>
  /** An arm whose mesh was there before, with what is there. */
  existing(of: ArmMesh, signal: AbortSignal): Promise<ArmMesh>
}

/** Whether meshbench installs the mesh of an arm. */
export function isInstalled({ scenario }: Plan, arm: Arm): boolean {
  return (arm.provision ?? scenario.cluster?.provision ?? 'install') === 'install'
}

/** What is installed for these arms, with its pods on the nodes that are meant. */
export function installationsOf(
  arms: readonly ArmMesh[],
  { plan, placed }: Pick<SharedCluster, 'plan' | 'placed'>,
): SharedInstallation[] {
  const installed = installSideBySide(arms.filter(({ arm }) => isInstalled(plan, arm)))
  return installed.map((one) => ({ ...one, steps: placed(one.steps) })).filter(({ steps }) => steps.length > 0)
}

/** Installs the control planes of all arms and enrols their namespaces. An arm that fails here fails its own trials, not the run. */
export async function* standSideBySide(
  shared: SharedCluster,
  arms: readonly ArmMesh[],
  signal: AbortSignal,
): AsyncGenerator<Step, Pick<Testbed, 'raise' | 'lower'>> {
  const failures = new Map<string, Failure>()
  const took = new Map<string, Seconds>()
  // One after the other: while the webhook of one is not ready, what another one makes would be refused.
  for (const one of installationsOf(arms, shared)) {
    const names = one.arms.map(({ arm }) => arm.name)
    const since = stopwatch()
    try {
      yield* install(one, shared, signal)
      // Arms of several meshes share some of what is installed: it is nobody's own time.
      const isOwn = new Set(one.arms.map(({ arm }) => arm.mesh)).size === 1
      for (const name of isOwn ? names : []) took.set(name, since())
    } catch (error) {
      signal.throwIfAborted()
      const failure = Failure.from(error)
      yield { title: `cannot be installed for ${names.join(', ')}: ${failure.message}` }
      for (const name of names) failures.set(name, failure)
    }
  }
  const standing = new Map<string, ClusterArm>()
  const installed = arms.filter(({ arm }) => !failures.has(arm.name))
  yield* atOnce(
    installed.length,
    installed.map(
      (of) =>
        async function* () {
          const arm = of.arm.name
          try {
            yield { title: 'enrolling the workload', arm }
            const own = isInstalled(shared.plan, of.arm)
            const found = standingArm(own ? of : await shared.existing(of, signal), shared, arms.length, took)
            yield { title: 'enrolled', arm, installation: await enrol(found, shared, signal) }
            standing.set(arm, found)
          } catch (error) {
            signal.throwIfAborted()
            const failure = Failure.from(error)
            yield { title: `cannot be enrolled: ${failure.message}`, arm }
            failures.set(arm, failure)
          }
        },
    ),
  )
  // Pods of the visit before, which go while those of the next arm start.
  let leaving = { arm: '', gone: Promise.resolve() }
  return {
    async *raise({ name }, signal): AsyncGenerator<Step, RunningArm> {
      const up = standing.get(name)
      if (!up) throw failures.get(name) ?? new Failure('no-arm', `arm ${name} is not in this cluster`)
      const { arm, gone } = leaving
      // Pods of the same names would be taken for those that go.
      if (arm === name) await gone
      const at = (place: Place | undefined): ClusterArm => ({
        ...(place ? standingArm(up.of, { ...shared, moreClients: [], ...place }, arms.length, took) : up),
        emptied: gone,
      })
      const place = await shared.settle?.(up.of.arm, signal)
      try {
        return yield* raiseInCluster(at(place), signal)
      } catch (error) {
        signal.throwIfAborted()
        // Where a node went away meanwhile, another may be left.
        const other = await shared.settle?.(up.of.arm, signal)
        if (other === place) throw error
        yield { title: `once more on other nodes: ${Failure.from(error).message}` }
        return yield* raiseInCluster(at(other), signal)
      }
    },
    /** Begins to remove the pods. What cannot be removed fails the next visit, and then ends the run. */
    async lower({ name }) {
      await leaving.gone
      const up = standing.get(name)
      if (!up) return
      const generators = mostGenerators(shared.plan.scenario.loads)
      const operated = shared.plan.scenario.loads.some(isOperated)
      const gone = removePods(up.cluster, { ...up.of, generators, operated }, AbortSignal.timeout(LOWERING))
      gone.catch(() => undefined)
      leaving = { arm: name, gone }
    },
  }
}

function install(
  { about, steps }: SharedInstallation,
  { cluster, helm, env, charts, manifests, run, kubeconfigFile, dir, site }: SharedCluster,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const where = { cluster, helm, env, charts, manifests, run, kubeconfigFile, dir, site, about, within: PATIENCE }
  return installMesh(steps, where, signal)
}

/** An arm as what any cluster is to the rest. `took`: how long the installation of its mesh took, by its name. */
function standingArm(
  of: ArmMesh,
  shared: SharedCluster,
  count: number,
  took: ReadonlyMap<string, Seconds>,
): ClusterArm {
  const { kubernetes, about, arm } = of
  const { plan, before, facts, ownNamespaces } = shared
  const own = isInstalled(plan, arm)
  const mine = new Set([SYSTEM_NAMESPACE, about.namespace, ...ownNamespaces])
  for (const { namespace } of kubernetes.components) if (namespace !== undefined) mine.add(namespace)
  const beside =
    count === 1
      ? 'alone: the only arm in its cluster'
      : `shared: one cluster for ${count} arms, control planes side by side, the workload of one arm at a time`
  return {
    ...shared,
    of,
    isConfigured: own,
    before: [...before, ...(own ? installedReadiness(of) : [])],
    isForeign: ({ namespace }: PodFact) => !mine.has(namespace),
    facts: [
      ...facts,
      ...installationTime(took.get(arm.name)),
      { name: 'isolation', seen: beside, source: 'plan' },
      ...(own ? [] : [{ name: 'version', seen: about.version, source: 'image of the control plane' }]),
    ],
  }
}

/** Makes what stands for the whole run in an arm's namespace, and returns the record of the installation. */
async function enrol(
  { of, cluster, images, imageOf, placed }: ClusterArm,
  { plan, run, site, env, dir, helm, charts, manifests, kubeconfigFile }: SharedCluster,
  signal: AbortSignal,
): Promise<Installation> {
  const { arm, kubernetes, about, application } = of
  const enrolment = kubernetes.enrol(about)
  const { namespace } = about
  const { lasting } = workloadFor({
    ...{ arm, enrolment, images, imageOf, application, run, namespace },
    loads: plan.scenario.loads,
  })
  const own = (objects: readonly KubernetesObject[]) => objects.map((object) => stamped(object, run))
  await cluster.apply(lasting, signal, { within: PATIENCE })
  await cluster.apply(own(placed(enrolment.objects)), signal, { within: PATIENCE })
  await cluster.untilReady(enrolment.until, PATIENCE, signal)
  const steps = isInstalled(plan, arm) ? kubernetes.install(about) : []
  const { installation } = await describeInstallation(
    { arm, about, site, charts, manifests, steps, enrolment, workload: lasting },
    signal,
  )
  return await withRendered(installation, { helm: helm.path, env, dir, kubeconfigFile }, signal)
}
