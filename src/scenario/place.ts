import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml'
import type { Path } from './finding.ts'

/** The node of a path, or, where the file has none, the nearest that contains it. */
export interface Place {
  readonly found: boolean
  /** Where the node begins, as an offset in the text. */
  readonly value: number
  /** Where its key begins. */
  readonly key: number
  /** A scalar as it stands in the file: `1.30` where its value is the number 1.3. */
  readonly written?: string
}

export function placeOf(document: Document, path: Path): Place {
  let node: unknown = document.contents
  let key: unknown
  for (const [depth, part] of path.entries()) {
    const next = child(isAlias(node) ? node.resolve(document) : node, part)
    if (next === undefined)
      return { found: false, value: start(node), key: depth === 0 ? start(node) : start(key ?? node) }
    node = next.value
    key = next.key ?? key
  }
  const written = isScalar(node) ? node.source : undefined
  return { found: true, value: start(node), key: start(key ?? node), ...(written === undefined ? {} : { written }) }
}

/** The last of several equal keys, since that is the one whose value counts. */
function child(node: unknown, part: string | number): { key?: unknown; value: unknown } | undefined {
  if (isSeq(node)) return typeof part === 'number' && part in node.items ? { value: node.items[part] } : undefined
  if (!isMap(node)) return undefined
  return node.items.findLast(({ key }) => (isScalar(key) ? String(key.value) : undefined) === String(part))
}

function start(node: unknown): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0
}
