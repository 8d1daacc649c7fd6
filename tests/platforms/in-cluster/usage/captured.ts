import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Placed } from '../../../../src/meshes/workload-parts.ts'
import { type ComponentRule, NODE_PARTS, type NodePart, type PodFact } from '../../../../src/model/mesh.ts'
import {
  type NodeSnapshot,
  type NodeSnapshots,
  parseSnapshot,
} from '../../../../src/platforms/in-cluster/node-snapshot.ts'

const DIR = new URL('../../../captured/node/', import.meta.url)

/** What `edgeScript` wrote on a real node: tests/captured/node/README.md. */
export function edgeText(name: 'load' | 'restart', node: NodePart, at: 'before' | 'after'): string {
  return gunzipSync(readFileSync(new URL(`${name}/${node}.${at}.gz`, DIR))).toString()
}

export function captured(name: 'load' | 'restart'): { before: NodeSnapshots; after: NodeSnapshots; pods: PodFact[] } {
  const snapshots = (at: 'before' | 'after') =>
    new Map(NODE_PARTS.map((node) => [node, parseSnapshot(edgeText(name, node, at), node)] as const))
  const pods = JSON.parse(readFileSync(new URL(`${name}/pods.json`, DIR), 'utf8'))
  return { before: snapshots('before'), after: snapshots('after'), pods }
}

export const RULES: readonly Placed<ComponentRule>[] = [
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

/** The same snapshots with one node's changed. */
export function withNode(
  snapshots: NodeSnapshots,
  node: NodePart,
  change: (snapshot: NodeSnapshot) => NodeSnapshot,
): NodeSnapshots {
  return new Map([...snapshots].map(([part, snapshot]) => [part, part === node ? change(snapshot) : snapshot]))
}

export function snapshotOf(snapshots: NodeSnapshots, node: NodePart): NodeSnapshot {
  const snapshot = snapshots.get(node)
  if (!snapshot) throw new Error(`no ${node}`)
  return snapshot
}
