import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from '../model/platform.ts'
import type { Seconds } from '../model/units.ts'
import { isAlive, owner, pidOf } from './owner.ts'

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
