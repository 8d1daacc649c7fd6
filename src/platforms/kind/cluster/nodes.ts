import type { NodePart } from '../../../model/mesh.ts'

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
