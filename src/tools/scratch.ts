import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { isAlive, owner } from './owner.ts'

export interface Scratch extends AsyncDisposable {
  readonly path: string
}

/** A temporary folder inside the cache, so that what is made in it can be renamed into place. Also removes those of dead processes. */
export async function scratch(cacheDir: string): Promise<Scratch> {
  const parent = join(cacheDir, '.scratch')
  try {
    await mkdir(parent, { recursive: true })
    await sweep(parent)
    const path = await mkdtemp(join(parent, `${owner()}~`))
    return { path, [Symbol.asyncDispose]: () => remove(path) }
  } catch (error) {
    throw new Failure('cache-unwritable', `The cache folder ${cacheDir} cannot be written.`, {
      cause: error,
      fix: 'Make it writable, free some space, or set XDG_CACHE_HOME to another folder.',
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
