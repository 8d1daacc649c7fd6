import { access, constants, open, stat } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { sha256OfFile } from '../host/sha256.ts'
import { Failure } from '../model/failure.ts'
import type { Recipe } from '../model/program.ts'
import type { Program, ProgramName } from '../model/site.ts'
import type { Seconds } from '../model/units.ts'
import { fromCache } from './cache.ts'
import { type About, call, environment, type ToolEnvironment } from './call.ts'

interface Located {
  readonly program?: Program
  /** What was found and passed over, with the reason: sentences for people. */
  readonly notes: readonly string[]
}

/** Finds a program: by its configured path, on PATH, in the cache. Fetches nothing. */
export async function locate(name: ProgramName, about?: About): Promise<Program | undefined> {
  return (await locateWithNotes(name, about)).program
}

export async function locateWithNotes(name: ProgramName, about?: About): Promise<Located> {
  const around = environment(about)
  const chosen = await configured(name, around)
  if (chosen) return { program: chosen, notes: [] }
  const notes: string[] = []
  for (const path of await onPath(name, around.env)) {
    try {
      return { program: await examine(name, path, 'path', around), notes }
    } catch (error) {
      notes.push(`${path} on PATH is not used: ${(error as Error).message}`)
    }
  }
  try {
    const program = await fromCache(name, around)
    return { ...(program ? { program } : {}), notes }
  } catch (error) {
    notes.push(`The ${name} in the cache is not used, and will be fetched again: ${(error as Error).message}`)
    return { notes }
  }
}

/** The environment variable that names a program's path. */
export function variableOf(name: ProgramName): string {
  return `MESHBENCH_${name.toUpperCase()}`
}

/** Whoever configures a path means it: one that cannot be used is never replaced in silence. */
async function configured(name: ProgramName, around: ToolEnvironment): Promise<Program | undefined> {
  const variable = variableOf(name)
  const path = around.env[variable]
  if (!path) return undefined
  try {
    return await examine(name, resolve(path), 'configured', around)
  } catch (error) {
    throw new Failure('program-unusable', `${variable} names ${path}, which cannot be used as ${name}.`, {
      cause: error,
      remedy: `Point ${variable} at ${name} ${rangeOf(around.catalogue[name])}, or unset it.`,
    })
  }
}

/** "1.60.0 or newer, below 2.0.0" */
export function rangeOf({ accepts: [from, below] }: Recipe): string {
  return `${from} or newer, below ${below}`
}

async function examine(
  name: ProgramName,
  path: string,
  origin: 'configured' | 'path',
  { env, catalogue }: ToolEnvironment,
): Promise<Program> {
  const recipe = catalogue[name]
  const version = await askVersion(path, recipe, env)
  if (!isWithin(version, recipe.accepts)) throw new Error(`it is version ${version}, not ${rangeOf(recipe)}`)
  // The digest of a wrapper script would say nothing about the program that it starts.
  const sha256 = (await isScript(path)) ? {} : { sha256: await sha256OfFile(path) }
  return { name, path, provenance: { name, version, origin, ...sha256 } }
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const folders = new Set((env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''))
  const found: string[] = []
  for (const folder of folders) {
    const path = resolve(join(folder, name))
    const usable = await access(path, constants.X_OK).then(
      async () => (await stat(path)).isFile(),
      () => false,
    )
    if (usable) found.push(path)
  }
  return found
}

async function isScript(path: string): Promise<boolean> {
  const handle = await open(path)
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return buffer.toString('latin1') === '#!'
  } finally {
    await handle.close()
  }
}

/** Generous: a virus scanner may read a large binary through before its first start. */
const LIMIT: Seconds = 10

/** The version that a program says it has. Throws an Error with the reason when it does not say one. */
export async function askVersion(
  path: string,
  recipe: Recipe,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const said = await call(path, recipe.ask.argv, { env, within: LIMIT, ...(signal ? { signal } : {}) })
  const version = recipe.ask.pattern.exec(said.trim())?.[1]
  if (version === undefined) throw new Error(`does not say its version, but “${said.trim().slice(0, 80)}”`)
  return version
}

/** Compares dotted versions number by number; missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether a version is from the first (included) to the second (excluded). */
export function isWithin(version: string, [from, below]: readonly [string, string]): boolean {
  return compareVersions(version, from) >= 0 && compareVersions(version, below) < 0
}
