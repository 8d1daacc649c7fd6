import { parseQuantity } from '../../kubernetes/pods.ts'
import { Failure } from '../../model/failure.ts'
import type { NodePart } from '../../model/mesh.ts'
import type { ClusterSettings } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'

/** The part of a node's JSON that is read here. */
export interface ClusterNode {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: {
    readonly unschedulable?: boolean
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
  }
  readonly status: {
    readonly allocatable?: Readonly<Record<string, string>>
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo: {
      readonly architecture: string
      readonly bootID: string
      readonly kubeletVersion: string
    }
  }
}

/** The label that every node has with its own name, and by which pods are bound to it. */
const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

/** The nodes that a run uses, by what each is there for. */
export type ChosenNodes = Readonly<Record<NodePart, ClusterNode>>

/**
 * Chooses a node for the client, another for the server, and a third for control planes: where the scenario selects one by
 * labels, that; otherwise the two largest of one zone that take pods, and for control planes the cluster's own control-plane
 * node, if it has one.
 *
 * @throws Failure `no-nodes` where there are too few
 */
export function chooseNodes(nodes: readonly ClusterNode[], wanted: ClusterSettings['nodes'] = {}): ChosenNodes {
  const ready = nodes.filter(isReady)
  const workers = ready.filter(takesPods).toSorted((a, b) => coresOf(b) - coresOf(a) || byName(a, b))
  const taken = new Set<ClusterNode>()
  const take = (part: NodePart, candidates: readonly ClusterNode[]): ClusterNode => {
    const labels = wanted[part]
    const fitting = labels ? ready.filter((node) => hasLabels(node, labels)) : candidates
    const node = fitting.find((one) => !taken.has(one))
    if (!node) throw tooFew(part, nodes, labels)
    taken.add(node)
    return node
  }
  // Nodes that were selected are not given to others.
  const parts: readonly NodePart[] = ['client', 'server', 'control']
  const order = parts.toSorted((a, b) => Number(wanted[b] !== undefined) - Number(wanted[a] !== undefined))
  const found: Partial<Record<NodePart, ClusterNode>> = {}
  for (const part of order) {
    const peer = found[part === 'client' ? 'server' : 'client']
    const near = workers.filter((node) => hasPeer(node, peer ? [peer] : workers))
    const own = ready.filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] !== undefined)
    found[part] = take(part, part === 'control' ? [...own, ...workers] : [...near, ...workers])
  }
  return found as ChosenNodes
}

function tooFew(part: NodePart, nodes: readonly ClusterNode[], labels: Readonly<Record<string, string>> | undefined) {
  const what = part === 'control' ? 'control planes' : `the ${part}`
  if (labels) {
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    return new Failure('no-nodes', `no node for ${what} is ready and has the labels ${list(selector)}`, {
      remedy: 'Compare with `kubectl get nodes --show-labels`, and correct cluster.nodes in the scenario.',
    })
  }
  const names = nodes.map((node) => `${node.metadata.name}${whyNot(node)}`)
  return new Failure('no-nodes', `the cluster has no node left for ${what}`, {
    cause: `client, server and control planes need a node each; there are: ${list(names) || 'none'}`,
    remedy: 'Add nodes that take pods, or use the platform kind.',
  })
}

/** Whether another node is in its zone. */
function hasPeer(node: ClusterNode, others: readonly ClusterNode[]): boolean {
  return others.some((other) => other !== node && zoneOf(other) === zoneOf(node))
}

function whyNot(node: ClusterNode): string {
  if (!isReady(node)) return ' (not ready)'
  return takesPods(node) ? '' : ' (takes no pods)'
}

function isReady({ status }: ClusterNode): boolean {
  return status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

function takesPods({ spec }: ClusterNode): boolean {
  const repels = spec?.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') ?? false
  return spec?.unschedulable !== true && !repels
}

export function coresOf({ status }: ClusterNode): number {
  return parseQuantity(status.allocatable?.['cpu'] ?? '0') ?? 0
}

export function zoneOf({ metadata }: ClusterNode): string | undefined {
  return metadata.labels?.[ZONE]
}

function hasLabels({ metadata }: ClusterNode, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata.labels?.[key] === value)
}

function byName(a: ClusterNode, b: ClusterNode): number {
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** A node of each machine: nodes of one machine have started at once. */
export function machinesOf(nodes: ChosenNodes): NodePart[] {
  const parts: readonly NodePart[] = ['client', 'server', 'control']
  const boot = (part: NodePart) => nodes[part].status.nodeInfo.bootID
  return parts.filter((part, index) => parts.findIndex((other) => boot(other) === boot(part)) === index)
}

const PART = 'meshbench.io/part'
/** The same in an object that a text holds as JSON, such as what a ConfigMap hands on. */
const IN_TEXT = /"meshbench\.io\/part":"(control|client|server)"/g

/**
 * Binds what is to run on a part's node to the node that was chosen: every node selector with the label of kind's nodes is
 * replaced, in pods, in Helm values and in objects that stand in a text, since nodes of somebody else's cluster get no labels.
 */
export function placedOn<Tree>(tree: Tree, nodes: Readonly<Record<NodePart, string>>): Tree {
  if (typeof tree === 'string') {
    return tree.replace(IN_TEXT, (_, part: NodePart) =>
      JSON.stringify({ [HOSTNAME]: nodes[part] }).slice(1, -1),
    ) as Tree
  }
  if (Array.isArray(tree)) return tree.map((item) => placedOn(item, nodes)) as Tree
  if (tree === null || typeof tree !== 'object') return tree
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) =>
      key === PART ? [HOSTNAME, nodes[value as NodePart]] : [key, placedOn(value, nodes)],
    ),
  ) as Tree
}
