import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, parseAllDocuments } from 'yaml'
import { download, downloadTrouble, whyInsecure } from '../../host/outgoing.ts'
import { sha256 } from '../../host/sha256.ts'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import { milliseconds, type Seconds } from '../../model/units.ts'

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

const WITHIN: Seconds = 60

/**
 * Every object of a file, of a folder's YAML and JSON files in the order of their names, or of an https address.
 *
 * @param expected the digest that the text at an address must have
 */
export async function readManifests(
  place: string,
  signal: AbortSignal,
  expected?: string,
): Promise<KubernetesObject[]> {
  if (/^https?:\/\//.test(place)) {
    const text = await textAt(place, signal)
    const found = sha256(text)
    if (expected !== undefined && found !== expected) throw changed(place, found, expected)
    return parseManifests(text.toString(), place)
  }
  const files = await filesAt(place)
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  return texts.flatMap(([file, text]) => parseManifests(text, file))
}

function changed(place: string, found: string, expected: string): Failure {
  return new Failure('manifests', `What is at ${place} is not what was meant.`, {
    cause: `its SHA-256 is ${found}, not ${expected}`,
    remedy: 'Somebody has changed it: find out who. A site file can name another address with its sha256, or a file.',
  })
}

async function filesAt(place: string): Promise<string[]> {
  try {
    if (!(await stat(place)).isDirectory()) return [place]
    const names = (await readdir(place)).filter((name) => /\.(ya?ml|json)$/.test(name))
    // Tells kustomize what to do, and is no object.
    return names
      .filter((name) => !name.startsWith('kustomization.'))
      .toSorted()
      .map((name) => join(place, name))
  } catch (cause) {
    throw new Failure('manifests', `There are no manifests at ${place}.`, {
      cause,
      remedy: 'Check the paths in the site file.',
    })
  }
}

async function textAt(address: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const insecure = whyInsecure(address)
    if (insecure !== undefined) throw new Error(insecure)
    const answer = await download(address, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(milliseconds(WITHIN))]),
    })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    return Buffer.from(await answer.arrayBuffer())
  } catch (error) {
    signal.throwIfAborted()
    const { cause, remedy } = downloadTrouble(address, error)
    throw new Failure('manifests', `The manifests at ${address} could not be fetched.`, {
      cause,
      remedy: `${remedy} A site file can name a file or another address.`,
    })
  }
}
