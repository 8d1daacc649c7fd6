import { hostname } from 'node:os'
import { z } from 'zod'
import { ownIdentity, stillRuns } from '../../host/processes.ts'
import type { Cluster, ObjectName } from '../../kubernetes/cluster.ts'
import { meshes } from '../../meshes/index.ts'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import type { Leftover } from '../../model/platform.ts'
import { MANAGED } from '../in-cluster/workload.ts'

/** The label that says which run something is of. */
const RUN = 'meshbench.io/run'
const NAME = 'inventory'

const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
})

const inventorySchema = z.object({
  run: z.string(),
  owner: z.object({ pid: z.number(), start: z.string(), host: z.string() }),
  /** Namespaces of the arms' workloads. */
  workloads: z.array(z.string()),
  /** In the order of their installation. */
  releases: z.array(z.object({ release: z.string(), namespace: z.string() })),
  /** Namespaces of the control planes. */
  namespaces: z.array(z.string()),
  /** What a release leaves behind, or a control plane makes, outside of these namespaces. */
  objects: z.array(objectSchema),
})

/**
 * What a run makes in a cluster that was there before. It is written into the cluster before any of it is made, and it names
 * nothing that was there already, so that a run that was killed at any moment can be removed from any machine.
 */
export type Inventory = z.infer<typeof inventorySchema>

/** The namespace of a run: it has the inventory and the agents, and is removed last. */
export function runNamespace(run: string): string {
  return `meshbench-${shortOf(run)}`
}

/** The namespace of an arm's workload. */
export function armNamespace(run: string, arm: string): string {
  const name = arm.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return `meshbench-${shortOf(run)}-${name}`.slice(0, 63).replace(/-+$/, '')
}

/** The last part of a run's id, which is random: an id with its time is too long for a namespace. */
function shortOf(run: string): string {
  return (run.split('-').at(-1) ?? run).toLowerCase().replaceAll(/[^a-z0-9]/g, '') || 'run'
}

export function newInventory(run: string, what: Omit<Inventory, 'run' | 'owner'>): Inventory {
  return { run, owner: { ...ownIdentity(), host: hostname() }, ...what }
}

/** A namespace of the run. */
export function ownNamespace(
  name: string,
  run: string,
  labels: Readonly<Record<string, string>> = {},
): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...MANAGED, [RUN]: run, ...labels } } }
}

/**
 * The run's namespace, and the inventory in it. Whatever is in the inventory is made after this.
 *
 * @param labels of the namespace, besides those that every namespace of a run has
 */
export async function writeInventory(
  cluster: Cluster,
  inventory: Inventory,
  signal: AbortSignal,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { run } = inventory
  const namespace = runNamespace(run)
  await cluster.apply([ownNamespace(namespace, run, labels)], signal)
  const metadata = { name: NAME, namespace, labels: { ...MANAGED, [RUN]: run } }
  await cluster.apply(
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { inventory: JSON.stringify(inventory) } }],
    signal,
  )
}

/** Removes a Helm release; the program is obtained only where there is one to remove. */
export type Uninstall = (release: { readonly release: string; readonly namespace: string }) => Promise<void>

/**
 * Removes all that an inventory names, and the inventory last. What is gone already is fine. Whoever may write a ConfigMap could
 * write an inventory, so nothing is removed that does not bear the run's mark itself: namespaces by their label, releases in such
 * namespaces, definitions by their label or their release, and what control planes of known meshes make.
 */
export async function removeInventory(
  cluster: Cluster,
  { run, workloads, releases, namespaces, objects }: Inventory,
  uninstall: Uninstall,
  signal: AbortSignal,
): Promise<void> {
  const marked = await cluster.list({ apiVersion: 'v1', kind: 'Namespace', labels: { [RUN]: run } }, signal)
  const own = new Set(marked.map(({ metadata }) => metadata.name))
  const ofRun = (names: readonly string[]) => namespacesOf(names.filter((name) => own.has(name)))
  await cluster.remove(ofRun(workloads), signal, { within: PATIENCE })
  // Asked before the releases are gone, which say whose a definition is.
  const isOwn = await Promise.all(objects.map((one) => isOfRun(cluster, one, { run, own }, signal)))
  const doomed = objects.filter((_, index) => isOwn[index]).map(asName)
  for (const release of releases.toReversed()) if (own.has(release.namespace)) await uninstall(release)
  await cluster.remove(doomed, signal, { within: PATIENCE })
  await cluster.remove(ofRun(namespaces), signal, { within: PATIENCE })
  await cluster.remove(ofRun([runNamespace(run)]), signal, { within: PATIENCE })
}

/** Objects that control planes of the meshes make by themselves, and that nothing marks. */
const MADE = new Set(
  Object.values(meshes).flatMap(({ kubernetes }) =>
    (kubernetes?.makes ?? []).map(({ apiVersion, kind, name }) => `${apiVersion} ${kind} ${name}`),
  ),
)

async function isOfRun(
  cluster: Cluster,
  one: Inventory['objects'][number],
  { run, own }: { readonly run: string; readonly own: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<boolean> {
  const { apiVersion, kind, metadata } = one
  if (MADE.has(`${apiVersion} ${kind} ${metadata.name}`)) return true
  const found = await cluster.read(asName(one), signal)
  const { labels = {}, annotations = {} } = found?.metadata ?? {}
  return labels[RUN] === run || own.has(annotations['meta.helm.sh/release-namespace'] ?? '')
}

/** Marks definitions that a chart made without a mark, as those in its folder `crds`. */
export async function markObjects(
  cluster: Cluster,
  { run, objects }: Pick<Inventory, 'run' | 'objects'>,
  signal: AbortSignal,
): Promise<void> {
  for (const one of objects) {
    const { apiVersion, kind } = one
    if (MADE.has(`${apiVersion} ${kind} ${one.metadata.name}`)) continue
    const found = await cluster.read(asName(one), signal)
    if (!found || found.metadata.labels?.[RUN] === run || found.metadata.annotations?.['meta.helm.sh/release-name'])
      continue
    await cluster.apply([{ ...asName(one), metadata: { ...asName(one).metadata, labels: { [RUN]: run } } }], signal)
  }
}

/** For pods of a namespace to end. */
const PATIENCE = 180

function namespacesOf(names: readonly string[]): ObjectName[] {
  return names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
}

function asName({ apiVersion, kind, metadata: { name, namespace } }: Inventory['objects'][number]): ObjectName {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } }
}

/** What runs have left in a cluster, by the labels of their namespaces. */
export async function inventoriesIn(cluster: Cluster, signal?: AbortSignal): Promise<Inventory[]> {
  const namespaces = await cluster.list({ apiVersion: 'v1', kind: 'Namespace', labels: MANAGED }, signal)
  const runs = new Set(namespaces.flatMap(({ metadata }) => metadata.labels?.[RUN] ?? []))
  return await Promise.all([...runs].map((run) => inventoryOf(cluster, run, namespaces, signal)))
}

/** Of a run whose inventory is gone or unreadable, its namespaces are known by their labels. */
async function inventoryOf(
  cluster: Cluster,
  run: string,
  namespaces: readonly KubernetesObject[],
  signal: AbortSignal | undefined,
): Promise<Inventory> {
  const metadata = { name: NAME, namespace: runNamespace(run) }
  const found = await cluster.read({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, signal)
  const text = (found?.['data'] as { readonly inventory?: string } | undefined)?.inventory
  try {
    return inventorySchema.parse(JSON.parse(text ?? ''))
  } catch {
    const own = namespaces.filter((one) => one.metadata.labels?.[RUN] === run).map((one) => one.metadata.name)
    const workloads = own.filter((name) => name !== runNamespace(run))
    return { run, owner: { pid: 0, start: '', host: '' }, workloads, releases: [], namespaces: [], objects: [] }
  }
}

/** Whether the run goes on. On another machine that cannot be known, so it is assumed. */
function isAlive({ owner }: Inventory): boolean {
  if (owner.host === '') return false
  return owner.host !== hostname() || stillRuns(owner)
}

/** An inventory as a leftover, which is removed as a whole. */
export function leftoverOf(inventory: Inventory, context: string, remove: () => Promise<void>): Leftover {
  const { run, workloads, releases, owner } = inventory
  const count = `${workloads.length + 1} namespaces and ${releases.length} releases`
  const elsewhere = owner.host !== '' && owner.host !== hostname() ? `, made by machine ${owner.host}` : ''
  return { run, what: `${count} in the cluster of context ${context}${elsewhere}`, alive: isAlive(inventory), remove }
}

/** Refuses to install over what is there. */
export function refuseExisting(there: readonly string[], context: string): void {
  if (there.length === 0) return
  throw new Failure('already-installed', `the cluster of context ${context} has ${there.join(', ')} already`, {
    cause: 'meshbench changes nothing that was there before, and a second control plane would serve the same pods',
    remedy: 'Measure the mesh that is there, with `provision: existing`; or remove it first.',
  })
}
