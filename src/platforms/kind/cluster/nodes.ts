import { Failure } from '../../../model/failure.ts'
import { NODE_PARTS, type NodePart } from '../../../model/mesh.ts'
import type { Docker } from '../docker.ts'

/** Where kind says which cluster a container belongs to. */
export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster'

/** The containers of a cluster, by what they are there for: the order of kind-config.yaml, and kind's own names. */
export function nodesOf(cluster: string): Readonly<Record<NodePart, string>> {
  return { control: `${cluster}-control-plane`, client: `${cluster}-worker`, server: `${cluster}-worker2` }
}

/** What a node is there for; undefined for one of another cluster. */
export function partOf(cluster: string, node: string): NodePart | undefined {
  const parts = Object.entries(nodesOf(cluster)) as [NodePart, string][]
  return parts.find(([, name]) => name === node)?.[0]
}

type Nodes = Readonly<Record<NodePart, string>>

/** What came of giving each node cores of its own. */
export interface Affinity {
  /** In words, for whoever reads the evidence. */
  readonly seen: string
  /** How many CPUs each node may use. */
  readonly cpus: Readonly<Record<NodePart, number>>
  /** Why the nodes share all cores although there are enough of them. */
  readonly refused?: string
}

/**
 * All nodes get their own cores, or none does. Under cgroup v1 a node's cores cannot be taken from it once its kubelet has
 * given them to pods, and Docker refuses: then all arms share all cores alike, which is worth a warning and no failure.
 */
export async function pinNodes(nodes: Nodes, docker: Pick<Docker, 'info' | 'inspect' | 'pin'>): Promise<Affinity> {
  const { cores } = await docker.info()
  const all = Object.fromEntries(NODE_PARTS.map((part) => [part, cores])) as Affinity['cpus']
  const sets = cpuSetsOf(cores)
  if (!sets) return { seen: `not pinned: ${cores} cores`, cpus: all }
  const refused = await pinAll(nodes, sets, docker)
  if (refused !== undefined) {
    await unpin(nodes, cores, docker)
    return { seen: `not pinned (${refused})`, cpus: all, refused }
  }
  return {
    seen: `pinned: control plane on CPU ${sets.control}, client on ${sets.client}, server on ${sets.server}`,
    cpus: { control: cpuCount(sets.control), client: cpuCount(sets.client), server: cpuCount(sets.server) },
  }
}

/** Those that are pinned so already, in a cluster that was kept, are not asked again. Gives Docker's reason where it refuses. */
async function pinAll(
  nodes: Nodes,
  sets: Readonly<Record<NodePart, string>>,
  docker: Pick<Docker, 'inspect' | 'pin'>,
): Promise<string | undefined> {
  const found = await docker.inspect(Object.values(nodes))
  const isPinned = (part: NodePart) => found.some(({ name, cpus }) => name === nodes[part] && cpus === sets[part])
  try {
    for (const part of NODE_PARTS) if (!isPinned(part)) await docker.pin([nodes[part]], sets[part])
    return undefined
  } catch (error) {
    const { why, message } = Failure.from(error)
    return why ?? message
  }
}

async function unpin(nodes: Nodes, cores: number, docker: Pick<Docker, 'pin'>): Promise<void> {
  // Widening is never refused by a cgroup; and where it is, the node was not narrowed either.
  await docker.pin(Object.values(nodes), `0-${cores - 1}`).catch(() => undefined)
}

/** Cores from which on there is enough for everybody to have their own. */
const ENOUGH = 4

/**
 * A core in four for the control plane, the rest halved between client and server, so that the load generator never takes
 * from the server. The client's node has two at least: on one, generator and client proxy would wait for each other, and that
 * wait would look like the mesh's latency. Undefined where there are too few.
 */
export function cpuSetsOf(cores: number): Readonly<Record<NodePart, string>> | undefined {
  if (cores < ENOUGH) return undefined
  const control = Math.floor(cores / 4)
  const client = control + Math.max(2, Math.floor((cores - control) / 2))
  return {
    control: range(0, control),
    client: range(control, client),
    server: range(client, cores),
  }
}

function range(from: number, below: number): string {
  return below - from === 1 ? `${from}` : `${from}-${below - 1}`
}

/** How many CPUs a set such as `2-4` or `7` has. */
export function cpuCount(set: string): number {
  const [from = 0, to = from] = set.split('-').map(Number)
  return to - from + 1
}
