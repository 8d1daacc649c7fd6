import { arch } from 'node:os'
import type { PodFact } from '../../../model/mesh.ts'
import type { Evidence } from '../../../model/usage.ts'
import type { Ground } from '../ground.ts'
import type { Origin, Standing } from '../standing.ts'

interface Node {
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly nodeInfo: {
      readonly kubeletVersion: string
      readonly kernelVersion: string
      readonly containerRuntimeVersion: string
    }
  }
}

/** What is seen of an arm when it has been raised: enrolment, placement, images, nodes. */
export async function factsOf(
  standing: Standing,
  ground: Ground,
  pods: readonly PodFact[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  const { of, cluster, name } = standing
  const [node] = await cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }, signal)
  return [
    ...of.kubernetes.inspect(pods, of.about),
    placement(pods, of.arm.placement ?? 'cross-node'),
    images(pods),
    { name: 'cluster', seen: whereFrom(name, standing.origin), source: 'kind' },
    { name: 'isolation', seen: isolation(ground), source: 'plan' },
    { name: 'node', seen: describe(node), source: 'Node status' },
    { name: 'affinity', seen: standing.affinity.seen, source: 'docker update --cpuset-cpus' },
  ]
}

/** Name and time together tell one provisioning from another: a cluster that is made anew within a run gets the old name. */
export function whereFrom(name: string, { madeAt, keptFrom }: Origin): string {
  return `${name}, made ${madeAt}${keptFrom === undefined ? '' : `, kept from run ${keptFrom}`}`
}

/** Placement is checked, not hoped for. */
export function placement(pods: readonly PodFact[], wanted: 'cross-node' | 'same-node'): Evidence {
  const nodeOf = (app: string) =>
    pods.find(({ labels, namespace }) => namespace === 'bench' && labels['app'] === app)?.node
  const [client, server] = [nodeOf('client'), nodeOf('server')]
  const holds = server === 'server' && client === (wanted === 'same-node' ? 'server' : 'client')
  return {
    name: 'placement',
    holds,
    seen: `client on the ${client ?? 'unknown'} node, server on the ${server ?? 'unknown'} node; ${wanted} was asked for`,
    source: 'Pod spec.nodeName',
  }
}

/** Images of server, generator and helper, with their digests; the mesh speaks for its own. */
function images(pods: readonly PodFact[]): Evidence {
  const workload = pods.filter(({ labels, namespace }) => namespace === 'bench' && 'app' in labels)
  const containers = workload.flatMap((pod) => pod.containers).filter(({ name }) => OURS.has(name))
  const known = new Map(containers.map(({ image, imageId }) => [image, imageId.replace(/^.*@/, '').slice(0, 19)]))
  const seen = [...known].toSorted().map(([image, digest]) => `${image} (${digest})`)
  return { name: 'workload-image', seen: seen.join(', '), source: 'Pod status.containerStatuses.imageID' }
}

const OURS: ReadonlySet<string> = new Set(['server', 'fortio', 'k6', 'files'])

function isolation({ plan: { scenario } }: Ground): string {
  return scenario.isolation === 'sequential'
    ? 'sequential: one arm stood at a time, so drift and arm cannot be told apart'
    : `frozen: the other ${scenario.arms.length - 1} arms stood paused`
}

function describe(node: Node | undefined): string {
  if (!node) return 'unknown'
  const { kubeletVersion, kernelVersion, containerRuntimeVersion } = node.status.nodeInfo
  return `Kubernetes ${kubeletVersion}, kernel ${kernelVersion}, ${containerRuntimeVersion}, ${arch()}`
}
