import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ownIdentity, stillRuns } from '../host/processes.ts'
import { sha256OfFile } from '../host/sha256.ts'
import { Failure } from '../model/failure.ts'
import type { Step } from '../model/platform.ts'
import type { Recipe, Target, Way } from '../model/program.ts'
import type { Program, ProgramName } from '../model/site.ts'
import type { Seconds } from '../model/units.ts'
import type { ToolEnvironment } from './call.ts'

/** Kept beside a cached program: what it is, and how that is known. Receipts of before have no `checked` and no `from`. */
const receiptSchema = z.object({
  version: z.string(),
  origin: z.string(),
  sha256: z.string(),
  checked: z.enum(['pinned', 'published', 'go', 'unchecked']).optional(),
  /** SHA-256 of the publisher's file that it comes from. */
  from: z.string().optional(),
})
type Receipt = z.infer<typeof receiptSchema>

const RECEIPT = 'receipt.json'

/** The folder of a program of the pinned version: program/version/target. */
function cacheFolder(name: ProgramName, { cacheDir, catalogue, target }: ToolEnvironment): string {
  return join(cacheDir, name, catalogue[name].version, target)
}

/**
 * The cached program of the pinned version, read through each time: it is about to be run. Throws an Error with the reason when
 * there is one that must not be used.
 */
export async function fromCache(name: ProgramName, around: ToolEnvironment): Promise<Program | undefined> {
  const folder = cacheFolder(name, around)
  const path = join(folder, name)
  const written = await readFile(join(folder, RECEIPT), 'utf8').catch(() => undefined)
  if (written === undefined) return undefined
  await makePrivate(around.cacheDir)
  const receipt = receiptSchema.parse(JSON.parse(written))
  await access(path, constants.X_OK)
  if ((await sha256OfFile(path)) !== receipt.sha256) throw new Error('it is not what was put there')
  return programOf(name, path, { ...receipt, ...checkedNow(receipt, around.catalogue[name], around.target) })
}

/**
 * How a cached program is known today. What another site's file let into the cache is used only where this one asks for the
 * same. Throws an Error with the reason where it must not be used.
 */
function checkedNow(receipt: Receipt, { ways }: Recipe, target: Target): Pick<Receipt, 'checked'> {
  const way = ways.find(({ kind }) => kind === receipt.origin)
  if (!way || way.kind === 'go') return {}
  const pinned = way.sha256[target]
  // A wheel's digest is that of the program itself.
  const found = way.kind === 'pip' ? receipt.sha256 : receipt.from
  if (pinned !== undefined && found !== pinned) throw new Error('it does not come from the file whose digest is known')
  if (pinned !== undefined) return { checked: 'pinned' }
  if (receipt.checked === 'pinned') throw new Error('the digest that it was checked against is not one of this site')
  if (receipt.checked === 'unchecked' && !(way.kind === 'release' && way.unchecked)) {
    throw new Error('it was taken without a check, which this site does not ask for')
  }
  return {}
}

/**
 * Makes the cache, and what is in it, the user's alone: whoever else may write there would choose what is run. Throws an
 * Error where it is another user's.
 */
async function makePrivate(cacheDir: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(cacheDir)
  // Windows keeps rights elsewhere.
  if (process.getuid === undefined) return
  if (uid !== process.getuid()) throw new Error(`${cacheDir} belongs to another user (${uid})`)
  if ((mode & 0o077) !== 0) await chmod(cacheDir, 0o700)
}

/** Puts a program into the cache in one step, replacing what is there. `file` stands in a folder of its own within `scratch`. */
export async function intoCache(
  name: ProgramName,
  about: Pick<Receipt, 'version' | 'checked' | 'from'> & {
    readonly file: string
    readonly origin: Way['kind']
    readonly scratch: string
  },
  around: ToolEnvironment,
): Promise<Program> {
  const ready = join(about.scratch, 'ready')
  await mkdir(ready)
  const path = join(ready, name)
  await rename(about.file, path)
  await chmod(path, 0o755)
  const { version, origin, checked, from } = about
  const receipt: Receipt = { version, origin, sha256: await sha256OfFile(path), checked, from }
  await writeFile(join(ready, RECEIPT), JSON.stringify(receipt))
  for (const file of [path, join(ready, RECEIPT), ready]) await sync(file)

  const folder = cacheFolder(name, around)
  await mkdir(dirname(folder), { recursive: true })
  await rename(folder, join(about.scratch, 'replaced')).catch(() => undefined)
  await rename(ready, folder)
  await sync(dirname(folder))
  return programOf(name, join(folder, basename(path)), receipt)
}

/** `origin` is where the program came from when it was fetched: it does not change with the second run. */
function programOf(name: ProgramName, path: string, { version, origin, sha256, checked }: Receipt): Program {
  return { name, path, provenance: { name, version, origin, sha256, ...(checked && { checked }) } }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

interface Scratch extends AsyncDisposable {
  readonly path: string
}

/** A temporary folder inside the cache, so that what is made in it can be renamed into place. Also removes those of dead processes. */
export async function scratch(cacheDir: string): Promise<Scratch> {
  const parent = join(cacheDir, '.scratch')
  try {
    await makePrivate(cacheDir)
    await mkdir(parent, { recursive: true })
    await sweep(parent)
    const path = await mkdtemp(join(parent, `${owner()}~`))
    return { path, [Symbol.asyncDispose]: () => remove(path) }
  } catch (error) {
    throw new Failure('cache-unwritable', `The cache folder ${cacheDir} cannot be written.`, {
      cause: error,
      remedy: 'Make it writable, free some space, or set XDG_CACHE_HOME to another folder.',
    })
  }
}

async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (isAlive(name) === false) await remove(join(parent, name)).catch(() => undefined)
  }
}

/** A compiler that is being ended may still write while its folder is removed, hence the retries. */
function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** After this a lock of another host is taken over: no build lasts that long. */
const FOREIGN_LIMIT: Seconds = 3600
const POLL_MS = 200

/**
 * Waits until the lock file is ours. The lock only saves work: programs are put into the cache by a rename, so that
 * two owners, which a take-over by two processes at the same instant allows, would do the same work twice and no harm.
 */
export async function* lock(
  path: string,
  about: { readonly what: string; readonly scratch: string; readonly signal: AbortSignal },
): AsyncGenerator<Step, AsyncDisposable> {
  const me = owner()
  const draft = join(about.scratch, 'lock')
  await writeFile(draft, me)
  let said: string | undefined
  while (!(await acquire(path, draft))) {
    const holder = await readFile(path, 'utf8').catch(() => undefined)
    if (holder === undefined) continue
    if (await isStale(path, holder)) {
      await rm(path, { force: true })
      continue
    }
    if (holder !== said) yield { title: `waiting for ${about.what}, which process ${pidOf(holder)} is fetching` }
    said = holder
    await sleep(POLL_MS, undefined, { signal: about.signal })
  }
  return {
    async [Symbol.asyncDispose]() {
      const holder = await readFile(path, 'utf8').catch(() => undefined)
      if (holder === me) await rm(path, { force: true })
    },
  }
}

/** Linking a finished file makes lock and owner appear in one instant. */
async function acquire(path: string, draft: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isStale(path: string, holder: string): Promise<boolean> {
  const alive = isAlive(holder)
  if (alive !== undefined) return !alive
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > FOREIGN_LIMIT * 1000
}

/** Who a lock or a temporary folder belongs to: host, process id and start time. Safe as a file name. */
function owner(): string {
  const { pid, start } = ownIdentity()
  return [host(), pid, start].join('~')
}

/** The process id within an owner, for people. */
function pidOf(name: string): number {
  return Number(name.split('~')[1])
}

/** Whether an owner still runs. Undefined for one on another host (or in another container), which cannot be asked. */
function isAlive(name: string): boolean | undefined {
  const [where, , start = ''] = name.split('~')
  return where === host() ? stillRuns({ pid: pidOf(name), start }) : undefined
}

const host = () => hostname().replaceAll('~', '-')
