import { type Document, parseAllDocuments } from 'yaml'
import { Failure } from '../model/failure.ts'
import type { KubernetesObject } from '../model/mesh.ts'

/** As Kubernetes reads it: 0644 is an octal number, which YAML 1.2 takes for a decimal one. */
const OCTAL = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text: string) => Number.parseInt(text, 8),
} as const

/** Every object of a YAML or JSON text; lists are flattened. `where` names the text in messages. */
export function parseManifests(text: string, where: string): KubernetesObject[] {
  const documents = parseAllDocuments(text, { customTags: (tags) => [OCTAL, ...tags] })
  // Without any document, an empty stream is given.
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document, index) => objectsOf(document, `${where}, document ${index + 1}`))
}

function objectsOf(document: Document.Parsed, where: string): KubernetesObject[] {
  const [error] = document.errors
  if (error) throw wrong(where, error.message.split('\n')[0] ?? error.message)
  const content: unknown = document.toJS({ maxAliasCount: 1000 })
  return content === null || content === undefined ? [] : flatten(content, where)
}

function flatten(content: unknown, where: string): KubernetesObject[] {
  const { apiVersion, kind, metadata, items } = content as Record<string, unknown>
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw wrong(where, 'it has no apiVersion or no kind')
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item: unknown, index) => flatten(item ?? {}, `${where}, item ${index + 1}`))
  }
  if (typeof (metadata as { name?: unknown } | undefined)?.name !== 'string') {
    throw wrong(where, `its ${kind} has no metadata.name`)
  }
  return [content as KubernetesObject]
}

function wrong(where: string, cause: string): Failure {
  return new Failure('manifests', `${where} is not a manifest of Kubernetes.`, { cause })
}
