import { Failure } from '../../../model/failure.ts'
import { NODE_PARTS, type NodePart } from '../../../model/mesh.ts'
import type { Docker } from '../docker.ts'
import { cpuCount, cpuSetsOf } from './cpu-sets.ts'

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
