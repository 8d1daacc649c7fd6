import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Leftover } from '../model/platform.ts'
import { isPathName } from '../model/run-folder.ts'
import { OWNER_STAMP, ownStamp, RUN_STAMP, readStamp } from './processes.ts'

/** Start of the name of every scratch folder. */
const SCRATCH_PREFIX = 'meshbench-'
/** Says whose a scratch folder is, in the form of the environment stamps. */
const OWNER_FILE = 'owner'

/** A folder that only we can read, for keys, configurations and the load tools' output. Gone when the run is. */
export interface Scratch {
  readonly dir: string
  /** Stamps for the environment of what is started here. */
  readonly stamps: Readonly<Record<string, string>>
  /** A folder in it, made if need be. */
  folder(...names: string[]): Promise<string>
  remove(): Promise<void>
}

export async function makeScratch(run: string): Promise<Scratch> {
  const stamps = { [RUN_STAMP]: run, [OWNER_STAMP]: ownStamp() }
  assertPathName(run)
  try {
    const dir = await mkdtemp(join(tmpdir(), `${SCRATCH_PREFIX}${run}-`))
    const forget = onExit(() => rmSync(dir, { recursive: true, force: true }))
    await writeFile(
      join(dir, OWNER_FILE),
      Object.entries(stamps)
        .map((pair) => `${pair.join('=')}\0`)
        .join(''),
    )
    const folder = async (...names: string[]) => {
      for (const name of names) assertPathName(name)
      const path = join(dir, ...names)
      await mkdir(path, { recursive: true })
      return path
    }
    const remove = async () => {
      await rm(dir, { recursive: true, force: true })
      forget()
    }
    return { dir, stamps, folder, remove }
  } catch (error) {
    throw new Failure('scratch', `no scratch folder can be made in ${tmpdir()}`, {
      cause: error,
      fix: 'Free some space there, or set TMPDIR to a folder that may be written to.',
    })
  }
}

function assertPathName(name: string): void {
  if (!isPathName(name)) throw new TypeError(`not fit for the name of a scratch folder: ${name}`)
}

/** Scratch folders, whoever made them. */
export function scratchLeftovers(): Leftover[] {
  return readdirSync(tmpdir()).flatMap((name) => {
    if (!name.startsWith(SCRATCH_PREFIX)) return []
    const dir = join(tmpdir(), name)
    const stamp = readStamp(ownerOf(dir))
    return stamp ? [{ ...stamp, what: `folder ${dir}`, remove: () => rm(dir, { recursive: true, force: true }) }] : []
  })
}

function ownerOf(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, OWNER_FILE), 'latin1')
  } catch {
    return undefined
  }
}

/** What must not outlive this process, however it ends short of a SIGKILL: run in the reverse order of registering. */
const actions = new Set<() => void>()

function runAll(): void {
  for (const action of [...actions].reverse()) {
    try {
      action()
    } catch {
      // The process is ending: there is nobody left to tell, and the next action matters as much.
    }
  }
}

/** Registers a synchronous action; the answer takes it back. */
export function onExit(action: () => void): () => void {
  if (actions.size === 0) process.on('exit', runAll)
  actions.add(action)
  return () => {
    actions.delete(action)
    if (actions.size === 0) process.off('exit', runAll)
  }
}
