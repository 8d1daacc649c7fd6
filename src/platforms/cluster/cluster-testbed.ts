import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { type ChartCache, chartCache, type ManifestCache, manifestCache } from '../../kubernetes/install/chart-cache.ts'
import { describeInstallation, withRendered } from '../../kubernetes/install/describe-installation.ts'
import { type Helm, uninstallRelease } from '../../kubernetes/install/helm.ts'
import { installMesh, stamped } from '../../kubernetes/install/install-mesh.ts'
import type { KubeContext } from '../../kubernetes/kubeconfig.ts'
import { SYSTEM_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Installation } from '../../model/installation.ts'
import { type InstallStep, type KubernetesObject, NODE_PARTS, type NodePart, type PodFact } from '../../model/mesh.ts'
import type { Cohort, Plan } from '../../model/plan.ts'
import type { RunningArm, Step, Testbed } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import { type ArmMesh, armMesh, PATIENCE } from '../in-cluster/arm-mesh.ts'
import type { ClusterArm } from '../in-cluster/cluster-arm.ts'
import { raiseInCluster } from '../in-cluster/raise.ts'
import { removePods, workloadFor } from '../in-cluster/workload.ts'
import { onAgent, startAgents } from './agents.ts'
import {
  type ChosenNodes,
  type ClusterNode,
  chooseNodes,
  coresOf,
  machinesOf,
  placedOn,
  zoneOf,
} from './choose-nodes.ts'
import { type Additions, additionsTo, asExisting, renderedBy, withoutThere } from './control-planes.ts'
import {
  armNamespace,
  type Inventory,
  inventoriesIn,
  leftoverOf,
  newInventory,
  ownNamespace,
  refuseExisting,
  removeInventory,
  runNamespace,
  writeInventory,
} from './inventory.ts'
import { installSideBySide, type SharedInstallation } from './side-by-side.ts'

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
}

/** Labels of a run's object in the namespace of an arm. */
type Names = Readonly<Record<NodePart, string>>

/** Whether meshbench installs the mesh of an arm. */
export function isInstalled({ scenario }: Plan, arm: Arm): boolean {
  return (arm.provision ?? scenario.cluster?.provision ?? 'install') === 'install'
}

/** An arm in the namespace that it has in this run. */
export function armInRun(arm: Arm, { plan, site }: Pick<ClusterUse, 'plan' | 'site'>, run: string): ArmMesh {
  const of = armMesh(arm, plan.scenario.profile, site)
  return { ...of, about: { ...of.about, namespace: armNamespace(run, arm.name) } }
}

/**
 * Takes a part of a cluster into use: namespaces of the run's own, agents on three nodes, and the control planes of the arms
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
  const nodes = chooseNodes(
    await cluster.list<ClusterNode>({ apiVersion: 'v1', kind: 'Node' }, signal),
    plan.scenario.cluster?.nodes,
  )
  const names = Object.fromEntries(NODE_PARTS.map((part) => [part, nodes[part].metadata.name])) as Names
  yield { title: `using nodes ${NODE_PARTS.map((part) => `${names[part]} (${part})`).join(', ')} of ${context.name}` }
  const visited = new Set(cohort.blocks.flatMap(({ visits }) => visits.map(({ arm }) => arm)))
  const arms = plan.scenario.arms.filter(({ name }) => visited.has(name)).map((arm) => armInRun(arm, use, run))
  const { helm, charts, manifests, kubeconfigFile } = await sourcesOf(use)
  const shared = installSideBySide(arms.filter(({ arm }) => isInstalled(plan, arm)))
    .map((one) => ({ ...one, steps: placedOn(one.steps, names) }))
    .filter(({ steps }) => steps.length > 0)
  const rendered: { shared: SharedInstallation; objects: KubernetesObject[] }[] = []
  if (shared.length > 0) yield { title: 'rendering the charts of all arms' }
  for (const one of shared)
    rendered.push({ shared: one, objects: await renderedBy(one, { helm, charts, manifests, site }, signal) })
  const additions = await additionsTo(cluster, rendered, signal)
  refuseExisting(additions.there, context.name)
  const inventory = newInventory(run, {
    workloads: arms.map(({ about }) => about.namespace),
    releases: [...additions.releases],
    namespaces: [...additions.namespaces],
    objects: [...additions.objects],
  })
  const uninstall = (release: Inventory['releases'][number]) =>
    uninstallRelease({ ...helm, ...release, kubeconfigFile }, AbortSignal.timeout(UNINSTALL))
  undo.defer(() => removeInventory(cluster, inventory, uninstall, AbortSignal.timeout(REMOVAL)))
  await writeInventory(cluster, inventory, signal)
  yield { title: 'starting the agents that read CPU and memory of the nodes' }
  await startAgents({ cluster, run, nodes: names, image: site.images.busybox }, signal)
  await cluster.apply(
    additions.namespaces.map((name) => ownNamespace(name, run)),
    signal,
  )
  const failures = new Map<string, Failure>()
  const within = { cluster, kubeconfigFile, helm, charts, manifests: onlyNew(manifests, additions) }
  for (const one of shared) {
    const of = one.arms.map(({ arm }) => arm.name)
    try {
      yield* install(one, use, within, signal)
    } catch (error) {
      signal.throwIfAborted()
      const failure = Failure.from(error)
      yield { title: `cannot be installed for ${of.join(', ')}: ${failure.message}` }
      for (const name of of) failures.set(name, failure)
    }
  }
  const standing = new Map<string, ClusterArm>()
  for (const of of arms) {
    if (failures.has(of.arm.name)) continue
    try {
      const found = isInstalled(plan, of.arm) ? of : await asExisting(of, cluster, signal)
      const arm = standingArm(found, { cluster, use, nodes, names, arms })
      yield { title: 'enrolling the workload', arm: of.arm.name }
      yield {
        title: 'enrolled',
        arm: of.arm.name,
        installation: await enrol(arm, use, { helm, charts, manifests, kubeconfigFile }, signal),
      }
      standing.set(of.arm.name, arm)
    } catch (error) {
      signal.throwIfAborted()
      const failure = Failure.from(error)
      yield { title: `cannot be enrolled: ${failure.message}`, arm: of.arm.name }
      failures.set(of.arm.name, failure)
    }
  }
  const owned = undo.move()
  return {
    async *raise(arm, signal): AsyncGenerator<Step, RunningArm> {
      const up = standing.get(arm.name)
      if (!up) throw failures.get(arm.name) ?? new Failure('no-arm', `arm ${arm.name} is not in this cluster`)
      return yield* raiseInCluster(up, signal)
    },
    async lower({ name }) {
      const up = standing.get(name)
      if (up) await removePods(cluster, up.of, AbortSignal.timeout(LOWERING))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** In milliseconds: for one release, for all that a run has made, and for the pods of a visit. */
const UNINSTALL = 180_000
const REMOVAL = 900_000
const LOWERING = 60_000

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

interface Sources {
  readonly helm: Helm
  readonly charts: ChartCache
  readonly manifests: ManifestCache
  readonly kubeconfigFile: string
}

async function sourcesOf({ helm: { path }, dir, env, context }: ClusterUse): Promise<Sources> {
  const folder = join(dir, 'cluster')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kubeconfigFile = join(folder, 'kubeconfig')
  await writeFile(kubeconfigFile, context.kubeconfig, { mode: 0o600 })
  const helm = { helm: path, dir: folder, env }
  return { helm, kubeconfigFile, charts: chartCache(helm), manifests: manifestCache() }
}

/** Manifests without the definitions that are there already, which stay as they are. */
function onlyNew(cache: ManifestCache, additions: Additions): ManifestCache {
  return { objects: async (...place) => withoutThere(await cache.objects(...place), additions) }
}

async function* install(
  { about, steps }: SharedInstallation,
  { run, site, helm: program, env, dir }: ClusterUse,
  { cluster, kubeconfigFile, charts, manifests }: Sources & { readonly cluster: Cluster },
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const where = { cluster, kubeconfigFile, charts, manifests, env, dir: join(dir, 'cluster') }
  yield* installMesh(steps, { ...where, helm: program, run, site, about, within: PATIENCE }, signal)
}

/** What stands for the whole run in an arm's namespace, and the record of it. */
async function enrol(
  { of, cluster, images }: ClusterArm,
  { plan, run, site, env, dir }: ClusterUse,
  { helm, charts, manifests, kubeconfigFile }: Sources,
  signal: AbortSignal,
): Promise<Installation> {
  const { arm, kubernetes, about } = of
  const enrolment = kubernetes.enrol(about)
  const workload = { arm, enrolment, images, loads: plan.scenario.loads, run, namespace: about.namespace }
  const lasting = workloadFor(workload).lasting.map((object) =>
    object.kind === 'Namespace' ? ownNamespace(about.namespace, run, object.metadata.labels) : object,
  )
  const annotated = lasting.map((object) =>
    object.kind === 'Namespace' && enrolment.annotations
      ? { ...object, metadata: { ...object.metadata, annotations: enrolment.annotations } }
      : object,
  )
  await cluster.apply(annotated, signal, { within: PATIENCE })
  await cluster.apply(
    enrolment.objects.map((object) => stamped(object, run)),
    signal,
    { within: PATIENCE },
  )
  await cluster.untilReady(enrolment.until, PATIENCE, signal)
  const steps: readonly InstallStep[] = isInstalled(plan, arm) ? kubernetes.install(about) : []
  const { installation } = await describeInstallation(
    { arm, about, site, charts, manifests, steps, enrolment, workload: annotated },
    signal,
  )
  return await withRendered(installation, { ...helm, env, dir: join(dir, 'cluster'), kubeconfigFile }, signal)
}

interface Around {
  readonly cluster: Cluster
  readonly use: ClusterUse
  readonly nodes: ChosenNodes
  readonly names: Names
  readonly arms: readonly ArmMesh[]
}

/** An arm as what any cluster is to the rest. */
function standingArm(of: ArmMesh, { cluster, use, nodes, names, arms }: Around): ClusterArm {
  const { plan, run, site, context } = use
  const { arm, kubernetes, about } = of
  const own = isInstalled(plan, arm)
  const installed = own ? kubernetes.install(about).flatMap((step) => (step.do === 'wait' ? step.until : [])) : []
  const alive = Object.values(names).map((name) => ({ kind: 'Node', namespace: '', name }) as const)
  const cpus = Object.fromEntries(NODE_PARTS.map((part) => [part, Math.floor(coresOf(nodes[part]))])) as Record<
    NodePart,
    number
  >
  const mine = new Set([SYSTEM_NAMESPACE, runNamespace(run), about.namespace])
  const components = kubernetes.components.flatMap(({ namespace }) => namespace ?? [])
  return {
    ...{ of, cluster, plan, run, cpus },
    images: site.images,
    nodes: names,
    machines: machinesOf(nodes),
    isHere: false,
    onNode: (part, argv) => onAgent({ cluster, run }, part, argv),
    placed: (objects) => placedOn(objects, names),
    before: [...alive, ...installed],
    isForeign: (pod: PodFact) => !mine.has(pod.namespace) && !components.includes(pod.namespace),
    facts: [
      {
        name: 'cluster',
        seen: `context ${context.name}, nodes ${NODE_PARTS.map((part) => names[part]).join(', ')}`,
        source: 'kubeconfig',
      },
      { name: 'isolation', seen: besideWords(arms, own), source: 'plan' },
      { name: 'zones', seen: zoneWords(nodes), source: 'Node labels' },
    ],
  }
}

function besideWords(arms: readonly ArmMesh[], isOwn: boolean): string {
  const mesh = isOwn ? 'installed by this run' : 'which was there before'
  return `shared: one cluster for ${arms.length} arms, control planes side by side, workload of one arm at a time; mesh ${mesh}`
}

function zoneWords(nodes: ChosenNodes): string {
  const zones = NODE_PARTS.map((part) => `${part} in ${zoneOf(nodes[part]) ?? 'no zone'}`)
  return zones.join(', ')
}
