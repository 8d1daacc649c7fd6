import { open, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ownIdentity, type ProcessIdentity, stillRuns } from '../host/processes.ts'
import { Failure } from '../model/failure.ts'
import { errnoOf } from './write-once.ts'

export interface Lock {
  release(): Promise<void>
}

interface Owner extends ProcessIdentity {
  readonly host: string
}

/**
 * Makes this process the only writer in a folder: of a run, or of a history. Everybody first makes a lock file of a name that only they can have, and
 * only then looks for others: so of two at once at most one goes on, and removing what a dead process left can never
 * take a living one's lock.
 */
export async function lockFolder(dir: string): Promise<Lock> {
  const own = fileName(self())
  await createExclusive(dir, own)
  const release = () => rm(join(dir, own), { force: true })
  try {
    for (const name of await readdir(dir)) {
      const owner = name === own ? undefined : parseName(name)
      if (!owner) continue
      if (isAlive(owner)) throw locked(dir, name, owner)
      await rm(join(dir, name), { force: true })
    }
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

async function createExclusive(dir: string, name: string): Promise<void> {
  try {
    await using _ = await open(join(dir, name), 'wx')
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw locked(dir, name, self())
  }
}

function locked(dir: string, name: string, { pid, host }: Owner): Failure {
  const here = host === hostname()
  return new Failure('run-locked', `another process is writing to ${dir}`, {
    cause: `process ${pid} on ${host} holds ${name}`,
    remedy: here
      ? `Wait for it, or stop it with \`kill -INT ${pid}\`, which tears down what it made.`
      : `If nothing is running there any more, remove ${join(dir, name)}.`,
  })
}

const fileName = ({ pid, start, host }: Owner) => `lock-${pid}-${start}-${host}`

function parseName(name: string): Owner | undefined {
  const found = /^lock-(\d+)-(\d*)-(.+)$/.exec(name)
  return found ? { pid: Number(found[1]), start: found[2] as string, host: found[3] as string } : undefined
}

function self(): Owner {
  return { ...ownIdentity(), host: hostname().replaceAll('/', '_') || 'localhost' }
}

/** On another machine we cannot look, so it counts as alive. */
function isAlive(owner: Owner): boolean {
  return owner.host !== self().host || stillRuns(owner)
}
