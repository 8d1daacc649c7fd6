import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { download, downloadTrouble } from '../host/outgoing.ts'
import { Failure } from '../model/failure.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import { milliseconds, type Seconds } from '../model/units.ts'
import { parseManifests } from './parse-manifests.ts'

const WITHIN: Seconds = 60

/** Every object of a file, of a folder's YAML and JSON files in the order of their names, or of an https address. */
export async function readManifests(place: string, signal: AbortSignal): Promise<KubernetesObject[]> {
  if (/^https?:\/\//.test(place)) return parseManifests(await textAt(place, signal), place)
  const files = await filesAt(place)
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  return texts.flatMap(([file, text]) => parseManifests(text, file))
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
      fix: 'Check the paths in the site file.',
    })
  }
}

async function textAt(address: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await download(address, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(milliseconds(WITHIN))]),
    })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    return await answer.text()
  } catch (cause) {
    signal.throwIfAborted()
    const { why, fix } = downloadTrouble(address, cause)
    throw new Failure('manifests', `The manifests at ${address} could not be fetched.`, {
      cause: why,
      fix: `${fix} A site file can name a file or another address.`,
    })
  }
}
