import { randomBytes } from 'node:crypto'
import { lstatSync, rmSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { Failure } from '../model/failure.ts'
import type { Leftover } from '../model/platform.ts'
import { isPathName } from '../model/run-folder.ts'
import { OWNER_STAMP, ownStamp, parseEnviron, RUN_STAMP, readdirSafely, readSafely, readStamp } from './processes.ts'

/** Start of the name of every scratch folder. */
const SCRATCH_PREFIX = 'meshbench-'
/** Says whose a scratch folder is, in the form of the environment stamps. */
const OWNER_FILE = 'owner'
/** In a record: where the folder is. */
const PLACE = 'MESHBENCH_SCRATCH'

/** Beyond every run and every TMPDIR: one record for each scratch folder, under its name. */
function recordsFolder(): string {
  return join(envPaths('meshbench', { suffix: '' }).data, 'scratch')
}

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
    const name = `${SCRATCH_PREFIX}${run}-${randomBytes(6).toString('hex')}`
    const dir = join(resolve(tmpdir()), name)
    // Before the folder, so that a kill at any moment leaves a trace of it.
    const record = await writeRecord(name, { ...stamps, [PLACE]: dir })
    const forget = onExit(() => {
      rmSync(dir, { recursive: true, force: true })
      rmSync(record, { force: true })
    })
    await mkdir(dir, { mode: 0o700 })
    await writeFile(join(dir, OWNER_FILE), textOf(stamps))
    const folder = async (...names: string[]) => {
      for (const name of names) assertPathName(name)
      const path = join(dir, ...names)
      await mkdir(path, { recursive: true })
      return path
    }
    const remove = async () => {
      await rm(dir, { recursive: true, force: true })
      await forgetRecord(record)
      forget()
    }
    return { dir, stamps, folder, remove }
  } catch (error) {
    throw new Failure('scratch', `no scratch folder can be made in ${tmpdir()}`, {
      cause: error,
      remedy: 'Free some space there, or set TMPDIR to a folder that may be written to.',
    })
  }
}

function assertPathName(name: string): void {
  if (!isPathName(name)) throw new TypeError(`not fit for the name of a scratch folder: ${name}`)
}

/** In the form of the environment stamps. */
function textOf(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map((pair) => `${pair.join('=')}\0`)
    .join('')
}

/** Gives the record's path. Without a home folder there is none, and the folder is found only by those with the same TMPDIR. */
async function writeRecord(name: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const folder = recordsFolder()
  const path = join(folder, name)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const { place, record, alive } of recorded())
      if (!(alive || isFolder(place))) await rm(record, { force: true })
    await writeFile(path, textOf(variables), { mode: 0o600 })
  } catch {
    await forgetRecord(path)
  }
  return path
}

/** One that stays does no harm: its folder is gone, and the next run removes it. */
async function forgetRecord(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}

interface Recorded {
  readonly record: string
  readonly place: string
  readonly run: string
  readonly alive: boolean
}

/** Records that can be read. One names its own folder and no other. */
function recorded(): Recorded[] {
  return readdirSafely(recordsFolder()).flatMap((name) => {
    const record = join(recordsFolder(), name)
    const text = readSafely(record)
    const place = parseEnviron(text ?? '').get(PLACE)
    const stamp = readStamp(text)
    return stamp && place !== undefined && name.startsWith(SCRATCH_PREFIX) && basename(place) === name
      ? [{ record, place, ...stamp }]
      : []
  })
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Scratch folders, whoever made them: those that have a record, wherever they are, and those of this TMPDIR. */
export function scratchLeftovers(): Leftover[] {
  const known = recorded().filter(({ place }) => isFolder(place))
  const places = new Set(known.map(({ place }) => place))
  const others = readdirSafely(tmpdir()).flatMap((name) => {
    const place = join(resolve(tmpdir()), name)
    if (!name.startsWith(SCRATCH_PREFIX) || places.has(place)) return []
    const stamp = readStamp(readSafely(join(place, OWNER_FILE)))
    return stamp ? [{ place, ...stamp }] : []
  })
  return [...known, ...others].map(({ place, run, alive, ...one }) => ({
    ...{ run, alive, what: `folder ${place}` },
    remove: async () => {
      await rm(place, { recursive: true, force: true })
      if ('record' in one) await forgetRecord(one.record)
    },
  }))
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
