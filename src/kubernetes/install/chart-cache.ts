import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { sha256 } from '../../host/sha256.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import type { Chart } from '../../model/site.ts'
import { type Helm, pullChart, runHelm } from './helm.ts'
import { readManifests } from './manifests.ts'

/** A chart that stands on this machine, and what it is. */
export interface CachedChart {
  readonly path: string
  readonly name: string
  readonly version: string
  readonly appVersion?: string
  /** Of its files. */
  readonly sha256: string
}

/** Charts, each fetched once for all clusters. */
export interface ChartCache {
  chart(chart: Chart, version: string, signal: AbortSignal): Promise<CachedChart>
}

export function chartCache(about: Helm): ChartCache {
  const shelved = once<CachedChart>()
  let count = 0
  const get = async (chart: Chart, version: string, signal: AbortSignal) => {
    const folder = join(about.dir, 'charts', `${++count}`)
    const path = await pullChart({ ...about, chart, version, folder }, signal)
    return { path, ...(await described(about, path, signal)), sha256: await digestOfFiles(path) }
  }
  return {
    chart: (chart, version, signal) => shelved(JSON.stringify([chart, version]), () => get(chart, version, signal)),
  }
}

/** A folder or an archive, in helm's own reading. */
async function described(about: Helm, path: string, signal: AbortSignal) {
  const said = parse(await runHelm(about, ['show', 'chart', path], signal)) as Record<string, unknown>
  const { name, version, appVersion } = said
  return {
    name: String(name),
    version: String(version),
    ...(appVersion === undefined ? {} : { appVersion: String(appVersion) }),
  }
}

/** Manifests, each source read once for all clusters. */
export interface ManifestCache {
  /** `sha256`: of what an address gives. */
  objects(place: string, signal: AbortSignal, sha256?: string): Promise<readonly KubernetesObject[]>
}

export function manifestCache(): ManifestCache {
  const shelved = once<readonly KubernetesObject[]>()
  return { objects: (place, signal, sha256) => shelved(place, () => readManifests(place, signal, sha256)) }
}

/** Fetches each thing once for all callers. A failed fetch is repeated for the next caller. */
function once<T>(): (key: string, get: () => Promise<T>) => Promise<T> {
  const got = new Map<string, Promise<T>>()
  return (key, get) => {
    const known = got.get(key)
    if (known) return known
    const getting = get()
    got.set(key, getting)
    getting.catch(() => got.delete(key))
    return getting
  }
}

/** SHA-256 of a tree of JSON; the order of keys is part of it. */
export function digestOf(value: unknown): string {
  return sha256(JSON.stringify(value))
}

/** SHA-256 of a file, or of all files of a folder with their names. */
export async function digestOfFiles(path: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await filesBelow(path)) {
    hash.update(`${relative(path, file)}\0`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    )
  }
  return hash.digest('hex')
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}
