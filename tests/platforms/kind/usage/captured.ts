import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type ComponentRule, NODE_PARTS, type NodePart, type PodFact } from '../../../../src/model/mesh.ts'
import type { NodeEdge, NodeEdges } from '../../../../src/platforms/kind/usage/node-edge.ts'
import { parseEdge } from '../../../../src/platforms/kind/usage/parse-edge.ts'

const DIR = new URL('../../../captured/node/', import.meta.url)

/** What `edgeScript` wrote on a real node: tests/captured/node/README.md. */
export function edgeText(name: 'load' | 'restart', node: NodePart, at: 'before' | 'after'): string {
  return gunzipSync(readFileSync(new URL(`${name}/${node}.${at}.gz`, DIR))).toString()
}

export function captured(name: 'load' | 'restart'): { before: NodeEdges; after: NodeEdges; pods: PodFact[] } {
  const edges = (at: 'before' | 'after') =>
    new Map(NODE_PARTS.map((node) => [node, parseEdge(edgeText(name, node, at), node)] as const))
  const pods = JSON.parse(readFileSync(new URL(`${name}/pods.json`, DIR), 'utf8'))
  return { before: edges('before'), after: edges('after'), pods }
}

export const RULES: readonly ComponentRule[] = [
  { component: 'server', role: 'application', namespace: 'bench', labels: { app: 'server' }, container: 'server' },
  { component: 'generator', role: 'generator', namespace: 'bench', labels: { app: 'client' }, container: 'fortio' },
  // As if it were a mesh's: it runs on every node.
  {
    component: 'proxy',
    role: 'node-proxy',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-proxy' },
    perNode: true,
  },
]

/** The same edges with one node's changed. */
export function withNode(edges: NodeEdges, node: NodePart, change: (edge: NodeEdge) => NodeEdge): NodeEdges {
  return new Map([...edges].map(([part, edge]) => [part, part === node ? change(edge) : edge]))
}

export function edgeOf(edges: NodeEdges, node: NodePart): NodeEdge {
  const edge = edges.get(node)
  if (!edge) throw new Error(`no ${node}`)
  return edge
}
