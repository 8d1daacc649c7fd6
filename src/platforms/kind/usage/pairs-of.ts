import { Failure } from '../../../model/failure.ts'
import type { NodePart } from '../../../model/mesh.ts'
import type { NodeEdge, NodeEdges } from './node-edge.ts'

/** Every node at both edges. A node that is missing at one of them throws: its part of the bill would be missing silently. */
export function pairsOf(before: NodeEdges, after: NodeEdges): { node: NodePart; open: NodeEdge; close: NodeEdge }[] {
  return [...new Set([...before.keys(), ...after.keys()])].map((node) => {
    const open = before.get(node)
    const close = after.get(node)
    if (!open || !close)
      throw new Failure('usage-unreadable', `The ${node} node was read at one edge of the window only.`)
    return { node, open, close }
  })
}
