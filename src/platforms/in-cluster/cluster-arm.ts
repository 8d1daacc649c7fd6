import type { Cluster } from '../../kubernetes/cluster.ts'
import { NODE_PARTS, type NodePart, type PodFact, type Readiness } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { SiteImages } from '../../model/site.ts'
import type { Evidence } from '../../model/usage.ts'
import type { ArmMesh } from './arm-mesh.ts'

/** Runs a program on a node, by its key, and returns its standard output. */
export type OnNode = (node: string, argv: readonly string[]) => Promise<string>

/** A node that is measured. */
export interface MeasuredNode {
  /** Its part; of further client nodes with a number: `client-2`. */
  readonly key: string
  readonly part: NodePart
  readonly name: string
}

/** An arm that stands in a cluster, whoever made that cluster: what is needed to raise and to measure it. */
export interface ClusterArm {
  readonly of: ArmMesh
  readonly cluster: Cluster
  readonly plan: Plan
  readonly run: string
  /** As the nodes know them. */
  readonly images: SiteImages
  /** The same of any other image; it has its own name when absent. */
  imageOf?(name: string): string
  /** Names of the nodes that are measured. Two parts may be one node. */
  readonly nodes: Readonly<Record<NodePart, string>>
  /** Names of further nodes that bear load generators; none when absent. */
  readonly moreClients?: readonly string[]
  /** A node of each machine, by its key: nodes that are containers of one machine share its figures. */
  readonly machines: readonly string[]
  /** How many CPUs each node may use. */
  readonly cpus: Readonly<Record<NodePart, number>>
  /** Whether the nodes are processes of this machine. */
  readonly isHere: boolean
  /** Absent where nothing can be run on the nodes: the counters of the kubelets are read then. */
  readonly onNode?: OnNode
  /** Binds pods and Helm values that name a part to the node of that part. */
  placed<Tree>(tree: Tree): Tree
  /** What must be ready before a request is sent, besides the enrolment: nodes, cluster DNS, the installation. */
  readonly before: readonly Readiness[]
  /** Fulfilled when pods of another arm's visit are gone. */
  readonly emptied?: Promise<void>
  /** Whether meshbench made the mesh's settings; if not, only what is seen counts. */
  readonly isConfigured: boolean
  /** Whether a pod is another tenant's: what it uses is neither the arm's nor the node's. */
  isForeign?(pod: PodFact): boolean
  /** Evidence of where the arm stands. */
  readonly facts: readonly Evidence[]
}

/** Where an arm stands in its cluster: what may be another from visit to visit. */
export type Place = Pick<
  ClusterArm,
  'nodes' | 'moreClients' | 'machines' | 'cpus' | 'onNode' | 'placed' | 'before' | 'facts'
>

/** What a node is there for; undefined for one that has no part in the run. */
export function partOfNode({ nodes, moreClients = [] }: OfNodes, name: string): NodePart | undefined {
  return moreClients.includes(name) ? 'client' : NODE_PARTS.find((part) => nodes[part] === name)
}

type OfNodes = Pick<ClusterArm, 'nodes' | 'moreClients'>

/** The part that the key of a measured node names. */
export function partOfKey(key: string): string {
  return key.replace(/-\d+$/, '')
}

/** Names of the nodes that bear load generators. */
export function clientNodes({ nodes, moreClients = [] }: OfNodes): string[] {
  return [nodes.client, ...moreClients]
}

/** Each node once, by its first part: client and control plane may share one. */
export function measuredNodes(of: OfNodes): MeasuredNode[] {
  const clients = clientNodes(of).map((name, index): MeasuredNode => {
    return { key: index === 0 ? 'client' : `client-${index + 1}`, part: 'client', name }
  })
  const others = (['server', 'control'] as const).map((part) => ({ key: part, part, name: of.nodes[part] }))
  const all = [...clients, ...others]
  return all.filter((node, index) => all.findIndex(({ name }) => name === node.name) === index)
}
