import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { chartCache, type ManifestCache, manifestCache } from '../../kubernetes/install/chart-cache.ts'
import { uninstallRelease } from '../../kubernetes/install/helm.ts'
import type { KubeContext } from '../../kubernetes/kubeconfig.ts'
import { Failure } from '../../model/failure.ts'
import { type Cohort, type Plan, visitedArms } from '../../model/plan.ts'
import type { Step, Testbed } from '../../model/platform.ts'
import type { Arm, Scenario } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import { type ArmMesh, armMesh } from '../in-cluster/arm-mesh.ts'
import type { Application } from '../in-cluster/own-application.ts'
import { outsideOf } from '../in-cluster/probing/probe-site.ts'
import { installationsOf, type SharedCluster, standSideBySide } from '../in-cluster/shared-cluster.ts'
import { AGENTS_NAMESPACE, agentsOf } from './agents.ts'
import { type Additions, additionsTo, asExisting, withoutThere } from './control-planes.ts'
import {
  armNamespace,
  type Inventory,
  inventoriesIn,
  leftoverOf,
  markObjects,
  newInventory,
  ownNamespace,
  refuseExisting,
  removeInventory,
  runNamespace,
  writeInventory,
} from './inventory.ts'
import { placesIn } from './places.ts'

/** What a run uses of a cluster that was there before. */
export interface ClusterUse {
  readonly plan: Plan
  readonly run: string
  readonly site: Site
  readonly helm: Program
  readonly context: KubeContext
  readonly env: NodeJS.ProcessEnv
  /** A folder that only we can read. */
  readonly dir: string
  /** In place of our server. */
  readonly application?: Application | undefined
}

/** Whether agents read CPU and memory; if not, the kubelets are asked. */
export function hasAgents({ cluster }: Pick<Scenario, 'cluster'>): boolean {
  return cluster?.usage !== 'kubelet'
}

/** An arm in the namespace that it has in this run. */
export function armInRun(
  arm: Arm,
  { plan, site, application }: Pick<ClusterUse, 'plan' | 'site' | 'application'>,
  run: string,
): ArmMesh {
  const of = armMesh(arm, plan.scenario, site, application)
  return { ...of, about: { ...of.about, namespace: armNamespace(run, arm.name) } }
}

/**
 * Takes a part of a cluster into use: namespaces of the run's own, agents on three nodes if they are wanted, and the control planes of the arms
 * that are to be installed, side by side. Disposing of it removes all of them.
 */
export async function* openTestbed(
  use: ClusterUse,
  cohort: Cohort,
  signal: AbortSignal,
): AsyncGenerator<Step, Testbed> {
  const { plan, run, context, site } = use
  await using undo = new AsyncDisposableStack()
  const cluster = undo.adopt(await connect(context.kubeconfig), (open) => open.close())
  await refuseBusy(cluster, use, signal)
  const agents = hasAgents(plan.scenario) ? agentsOf({ cluster, run, image: site.images.busybox }) : undefined
  const places = await placesIn({ cluster, context: context.name, plan, ...(agents && { agents }) }, signal)
  const shared = await sharedCluster(cluster, places, use)
  yield { title: `using nodes ${places.words}` }
  const arms = visitedArms(plan, cohort).map((arm) => armInRun(arm, use, run))
  const installations = installationsOf(arms, shared)
  if (installations.length > 0) yield { title: 'rendering the charts of all arms' }
  const additions = await additionsTo(cluster, installations, shared, signal)
  refuseExisting(additions.there, context.name)
  const inventory = newInventory(run, {
    // Probes of features have a client outside of the mesh, in a namespace of its own.
    workloads: arms.flatMap(({ about: { namespace } }) => [namespace, outsideOf(namespace)]),
    releases: [...additions.releases],
    namespaces: [...additions.namespaces],
    objects: [...additions.objects],
  })
  const helm = { helm: use.helm.path, dir: shared.dir, env: use.env, kubeconfigFile: shared.kubeconfigFile }
  const uninstall = (release: Inventory['releases'][number]) =>
    uninstallRelease({ ...helm, ...release }, AbortSignal.timeout(UNINSTALL))
  undo.defer(() => removeInventory(cluster, inventory, uninstall, AbortSignal.timeout(REMOVAL)))
  await writeInventory(cluster, inventory, signal, agents ? AGENTS_NAMESPACE : {})
  if (agents) yield { title: 'starting the agents that read CPU and memory of the nodes' }
  await places.start(signal)
  const namespaces = additions.namespaces.map((name) => ownNamespace(name, run))
  await cluster.apply(namespaces, signal)
  const { raise, lower } = yield* standSideBySide(
    { ...shared, manifests: onlyNew(shared.manifests, additions) },
    arms,
    signal,
  )
  await markObjects(cluster, inventory, signal)
  const owned = undo.move()
  return { raise, lower, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** In milliseconds: for one release, and for all that a run has made. */
const UNINSTALL = 180_000
const REMOVAL = 900_000

/** Two runs at once would be measured beside each other. What this run itself left when it was killed is removed before this. */
async function refuseBusy(cluster: Cluster, { run, context }: ClusterUse, signal: AbortSignal): Promise<void> {
  const others = (await inventoriesIn(cluster, signal)).filter((one) => one.run !== run)
  const [other] = others
  if (!other) return
  const { what, alive } = leftoverOf(other, context.name, async () => undefined)
  throw new Failure('not-clean', `the cluster of context ${context.name} has something of run ${other.run}: ${what}`, {
    remedy: alive
      ? 'Wait until that run has ended: two runs would disturb each other.'
      : `Remove it: meshbench clean --context ${context.name}`,
  })
}

async function sharedCluster(
  cluster: Cluster,
  places: Awaited<ReturnType<typeof placesIn>>,
  { plan, run, site, helm, env, dir: scratch, context }: ClusterUse,
): Promise<SharedCluster> {
  const dir = join(scratch, 'helm')
  const kubeconfigFile = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await writeFile(kubeconfigFile, context.kubeconfig, { mode: 0o600 })
  return {
    ...{ cluster, plan, run, site, helm, env, dir, kubeconfigFile },
    ...places.first,
    charts: chartCache({ helm: helm.path, dir, env }),
    manifests: manifestCache(),
    images: site.images,
    isHere: false,
    settle: (arm, signal) => places.settle(arm, signal),
    ownNamespaces: [runNamespace(run)],
    existing: (of, signal) => asExisting(of, cluster, signal),
  }
}

/** Manifests without the definitions that are there already, which stay as they are. */
function onlyNew(cache: ManifestCache, additions: Additions): ManifestCache {
  return { objects: async (...place) => withoutThere(await cache.objects(...place), additions) }
}
