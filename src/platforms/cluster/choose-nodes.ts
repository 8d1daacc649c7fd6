import { parseQuantity } from '../../kubernetes/pods.ts'
import { Failure } from '../../model/failure.ts'
import type { NodePart } from '../../model/mesh.ts'
import { BY_ZONE, type ClusterSettings, type Placement, type Toleration } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import type { MeasuredNode } from '../in-cluster/cluster-arm.ts'

/** The part of a node's JSON that is read here. */
export interface ClusterNode {
  readonly metadata: {
    readonly name: string
    /** Another machine of the same name has another. */
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly unschedulable?: boolean
    readonly taints?: readonly Taint[]
  }
  readonly status: {
    readonly allocatable?: Readonly<Record<string, string>>
    readonly capacity?: Readonly<Record<string, string>>
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo: {
      readonly architecture: string
      readonly bootID: string
      readonly kubeletVersion: string
    }
  }
}

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

/** The label that every node has with its own name, and by which pods are bound to it. */
const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

/** The nodes that a run uses, by what each is there for. */
export type ChosenNodes = Readonly<Record<NodePart, ClusterNode>>

type Wanted = Pick<ClusterSettings, 'nodes' | 'tolerations'>

/**
 * Chooses a node for the client, another for the server, and a third for control planes, for each of the placements that arms have: where
 * the scenario selects one by labels, that; otherwise the two largest of one zone that take pods, and for control planes the
 * cluster's own control-plane node, if it has one. Server and control planes are on the same nodes for all placements. For `cross-zone`, the
 * client is on the largest node of another zone than the server's.
 *
 * @param kept names of nodes that were chosen before, and their parts: each is given its part again where it still can be
 * @throws Failure `no-nodes` where there are too few, `no-zones` where their zones do not allow a placement
 */
export function chooseNodes(
  nodes: readonly ClusterNode[],
  { nodes: wanted = {}, tolerations = [] }: Wanted = {},
  placements: readonly Placement[] = ['cross-node'],
  kept: ReadonlyMap<string, NodePart> = new Map(),
): ReadonlyMap<Placement, ChosenNodes> {
  const ready = nodes.filter(isReady)
  const workers = ready
    .filter((node) => takesPods(node, tolerations))
    .toSorted((a, b) => coresOf(b) - coresOf(a) || byName(a, b))
  if (placements.some((one) => BY_ZONE.includes(one))) refuseUnzoned(workers)
  const taken = new Set<ClusterNode>()
  const take = (part: NodePart, candidates: readonly ClusterNode[]): ClusterNode => {
    const labels = wanted[part]
    const selected = labels && ready.filter((node) => hasLabels(node, labels))
    // Charts tolerate the taint of the cluster's own control-plane nodes.
    const fitting =
      part === 'control' ? (selected ?? candidates) : candidates.filter((one) => selected?.includes(one) ?? true)
    const before = ({ metadata }: ClusterNode) => {
      const own = kept.get(metadata.name)
      return own === undefined ? 0 : own === part ? 1 : -1
    }
    const node = fitting.toSorted((a, b) => before(b) - before(a)).find((one) => !taken.has(one))
    if (!node) throw tooFew(part, { nodes, labels, tolerations, selected })
    taken.add(node)
    return node
  }
  const found: Partial<Record<NodePart, ClusterNode>> = {}
  const near = (part: 'client' | 'server') => {
    const peer = found[part === 'client' ? 'server' : 'client']
    return [...workers.filter((node) => hasPeer(node, peer ? [peer] : workers)), ...workers]
  }
  const isNear = placements.some((one) => one !== 'cross-zone')
  const isFar = placements.includes('cross-zone')
  // Nodes that were selected are not given to others.
  const ends = (isNear ? (['client', 'server'] as const) : (['server'] as const)).toSorted(
    (a, b) => Number(wanted[b] !== undefined) - Number(wanted[a] !== undefined),
  )
  if (wanted.control) found.control = take('control', [])
  for (const part of ends) found[part] = take(part, near(part))
  const server = found.server as ClusterNode
  const far = isFar ? take('client', farFrom(server, workers)) : undefined
  const own = ready.filter(isOwn)
  const control = found.control ?? take('control', [...own, ...workers])
  return new Map(
    placements.map((placement) => {
      const client = (placement === 'cross-zone' ? far : found.client) as ClusterNode
      if (placement === 'same-zone') refuseApart(client, server)
      return [placement, { client, server, control }]
    }),
  )
}

function refuseUnzoned(workers: readonly ClusterNode[]): void {
  if (workers.some((node) => zoneOf(node) !== undefined)) return
  throw new Failure(
    'no-zones',
    'the placements same-zone and cross-zone need zones, and no node that takes pods has one',
    {
      cause: `clouds give every node the label ${ZONE}; here none has it`,
      remedy: `Where machines stand in different places, say so: kubectl label node NAME ${ZONE}=ZONE. Otherwise use cross-node.`,
    },
  )
}

/** Nodes in another zone. */
function farFrom(server: ClusterNode, workers: readonly ClusterNode[]): ClusterNode[] {
  const far = workers.filter((node) => zoneOf(node) !== undefined && zoneOf(node) !== zoneOf(server))
  if (zoneOf(server) !== undefined && far.length > 0) return far
  const zone = zoneOf(server)
  throw new Failure('no-zones', 'placement cross-zone: no node that takes pods is in another zone than the server', {
    cause: zone === undefined ? `${server.metadata.name} has no zone` : `the server would be in zone ${zone}`,
    remedy: 'Add nodes in another zone, select the server by cluster.nodes, or use another placement.',
  })
}

function refuseApart(client: ClusterNode, server: ClusterNode): void {
  const [one, other] = [client, server].map(zoneOf)
  if (one !== undefined && one === other) return
  throw new Failure('no-zones', 'placement same-zone: client and server would not be in one zone', {
    cause: `${client.metadata.name} is in ${zoneWords(client)}, ${server.metadata.name} in ${zoneWords(server)}`,
    remedy: 'Select two nodes of one zone by cluster.nodes, or use another placement.',
  })
}

/** The zone of a node, in words. */
export function zoneWords(node: ClusterNode): string {
  const zone = zoneOf(node)
  return zone === undefined ? 'no zone' : `zone ${zone}`
}

/**
 * Further nodes for load generators, of which each takes one as far as there are any: those that the scenario selects for the client, or
 * else nodes in the zone of the first one that have no other part.
 */
export function moreClients(
  nodes: readonly ClusterNode[],
  chosen: ChosenNodes,
  generators: number,
  { nodes: wanted = {}, tolerations = [] }: Wanted = {},
): ClusterNode[] {
  const { client, server, control } = chosen
  const labels = wanted.client
  const free = nodes
    .filter((node) => isReady(node) && ![client, server, control].includes(node))
    .filter((node) => takesPods(node, tolerations))
    .filter((node) => (labels ? hasLabels(node, labels) : zoneOf(node) === zoneOf(client)))
  return free.toSorted((a, b) => coresOf(b) - coresOf(a) || byName(a, b)).slice(0, generators - 1)
}

interface About {
  readonly nodes: readonly ClusterNode[]
  readonly labels: Readonly<Record<string, string>> | undefined
  readonly tolerations: readonly Toleration[]
  /** Ready nodes with these labels. */
  readonly selected: readonly ClusterNode[] | undefined
}

function tooFew(part: NodePart, { nodes, labels, tolerations, selected = [] }: About): Failure {
  const what = part === 'control' ? 'control planes' : `the ${part}`
  if (labels) {
    const selector = list(Object.entries(labels).map(([key, value]) => `${key}=${value}`))
    const shut = selected.filter((node) => !takesPods(node, tolerations))
    if (shut.length > 0) {
      return new Failure('no-nodes', `the nodes with the labels ${selector} take no pods for ${what}`, {
        cause: list(shut.map((node) => `${node.metadata.name}${whyNot(node, tolerations)}`)),
        remedy: 'Tolerate their taints by cluster.tolerations in the scenario, or select other nodes.',
      })
    }
    return new Failure('no-nodes', `no node for ${what} is ready and has the labels ${selector}`, {
      remedy: 'Compare with `kubectl get nodes --show-labels`, and correct cluster.nodes in the scenario.',
    })
  }
  const names = nodes.map((node) => `${node.metadata.name}${whyNot(node, tolerations)}`)
  return new Failure('no-nodes', `the cluster has no node left for ${what}`, {
    cause: `client, server and control planes need a node each; there are: ${list(names) || 'none'}`,
    remedy: 'Add nodes that take pods, tolerate taints by cluster.tolerations, or use the platform kind.',
  })
}

/** Whether another node is in its zone. */
function hasPeer(node: ClusterNode, others: readonly ClusterNode[]): boolean {
  return others.some((other) => other !== node && zoneOf(other) === zoneOf(node))
}

function whyNot(node: ClusterNode, tolerations: readonly Toleration[]): string {
  if (!isReady(node)) return ' (not ready)'
  if (takesPods(node, tolerations)) return ''
  const taints = repelling(node, tolerations).map(({ key, value, effect }) => {
    return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`
  })
  return taints.length > 0 ? ` (takes no pods: ${list(taints)})` : ' (takes no pods: it is cordoned)'
}

function isReady({ status }: ClusterNode): boolean {
  return status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

function takesPods(node: ClusterNode, tolerations: readonly Toleration[]): boolean {
  return node.spec?.unschedulable !== true && repelling(node, tolerations).length === 0
}

/** Taints that keep pods away, as Kubernetes matches them with tolerations. */
function repelling({ spec }: ClusterNode, tolerations: readonly Toleration[]): Taint[] {
  const hard = (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
  return hard.filter((taint) => !tolerations.some((one) => tolerates(one, taint)))
}

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false
  if (key === undefined) return operator === 'Exists'
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''))
}

/** Whether all of the nodes are there still, and take pods. */
export function stand(
  nodes: readonly ClusterNode[],
  names: Iterable<string>,
  { tolerations = [] }: Wanted = {},
): boolean {
  const there = new Map(nodes.map((node) => [node.metadata.name, node]))
  return Iterator.from(names).every((name) => {
    const node = there.get(name)
    return node !== undefined && isReady(node) && (isOwn(node) || takesPods(node, tolerations))
  })
}

/** A control-plane node of the cluster's own, which takes no pods by design. */
function isOwn({ metadata }: ClusterNode): boolean {
  return metadata.labels?.[CONTROL_PLANE] !== undefined
}

export function coresOf({ status }: ClusterNode): number {
  return parseQuantity(status.allocatable?.['cpu'] ?? '0') ?? 0
}

function zoneOf({ metadata }: ClusterNode): string | undefined {
  return metadata.labels?.[ZONE]
}

function hasLabels({ metadata }: ClusterNode, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata.labels?.[key] === value)
}

function byName(a: ClusterNode, b: ClusterNode): number {
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** A node of each machine, by its key: nodes of one machine have started at once. */
export function machinesOf(measured: readonly MeasuredNode[], nodes: readonly ClusterNode[]): string[] {
  const boot = ({ name }: MeasuredNode) => nodes.find((node) => node.metadata.name === name)?.status.nodeInfo.bootID
  return measured
    .filter((node, index) => measured.findIndex((other) => boot(other) === boot(node)) === index)
    .map(({ key }) => key)
}

const PART = 'meshbench.io/part'
/** The same in an object that a text holds as JSON, such as what a ConfigMap hands on. */
const IN_TEXT = /"meshbench\.io\/part":"(control|client|server)"/g

/**
 * Binds what is to run on a part's node to the node that was chosen: every node selector with the label of kind's nodes is
 * replaced, in pods, in Helm values and in objects that stand in a text, since nodes of somebody else's cluster get no labels. What is bound tolerates these taints
 * besides those that it tolerates already.
 */
export function placedOn<Tree>(
  tree: Tree,
  nodes: Readonly<Record<NodePart, string>>,
  tolerations: readonly Toleration[] = [],
): Tree {
  if (typeof tree === 'string') {
    return tree.replace(IN_TEXT, (_, part: NodePart) =>
      JSON.stringify({ [HOSTNAME]: nodes[part] }).slice(1, -1),
    ) as Tree
  }
  if (Array.isArray(tree)) return tree.map((item) => placedOn(item, nodes, tolerations)) as Tree
  if (tree === null || typeof tree !== 'object') return tree
  const bound = Object.fromEntries(
    Object.entries(tree).map(([key, value]) =>
      key === PART ? [HOSTNAME, nodes[value as NodePart]] : [key, placedOn(value, nodes, tolerations)],
    ),
  )
  if (tolerations.length === 0 || !isBound(tree)) return bound as Tree
  const { tolerations: own } = tree as { readonly tolerations?: readonly object[] }
  return { ...bound, tolerations: [...(own ?? []), ...tolerations] } as Tree
}

/** Whether it is bound to nodes: its own node selector names a part, or its affinity has the names of several nodes. */
function isBound(tree: object): boolean {
  const { nodeSelector, affinity } = tree as { readonly nodeSelector?: unknown; readonly affinity?: unknown }
  if (typeof nodeSelector === 'object' && nodeSelector !== null && PART in nodeSelector) return true
  return affinity !== undefined && JSON.stringify(affinity).includes(`"key":"${HOSTNAME}"`)
}
