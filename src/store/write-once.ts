import { closeSync, constants, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { copyFile, type FileHandle, link, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'

/** What file systems without hard links answer: FAT, some network and shared folders. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
const TEMPORARY = /^\..+\.tmp$/

/**
 * Makes a file that is whole or not there at all, even after a power cut, and never replaces one (EEXIST). It is
 * written under a temporary name, synced, and only then given its own name, which a link can do once.
 */
export async function writeOnce(path: string, fill: (file: FileHandle) => Promise<unknown>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  try {
    await writeSynced(temporary, 'wx', fill)
    await giveName(temporary, path)
  } finally {
    // What cannot be removed now is swept when the run is opened again.
    await rm(temporary, { force: true }).catch(() => undefined)
  }
  await syncFolder(dirname(path))
}

/** Removes what a writer that was killed left behind. The caller holds the run's lock. */
export async function sweepTemporary(folder: string): Promise<void> {
  const names = await readdir(folder)
  await Promise.all(names.filter((name) => TEMPORARY.test(name)).map((name) => rm(join(folder, name))))
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync().catch((error: unknown) => {
    // Some network file systems cannot sync a folder.
    if (errnoOf(error) !== 'EINVAL') throw error
  })
}

export async function writeSynced(
  path: string,
  flag: 'wx' | 'w',
  fill: (file: FileHandle) => Promise<unknown>,
): Promise<void> {
  await using file = await open(path, flag)
  await fill(file)
  await file.sync()
}

async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error
    // Exclusive like a link, though a kill within the copy leaves a part of the file: reading back reports it.
    await copyFile(temporary, path, constants.COPYFILE_EXCL)
    await using file = await open(path, 'r+')
    await file.sync()
  }
}

/** What the operating system can refuse, in the words of somebody who wants to go on. `%` stands for the path. */
const REFUSALS: Readonly<Record<string, { readonly code: string; readonly message: string; readonly remedy: string }>> =
  {
    ENOSPC: {
      code: 'disk-full',
      message: 'the disk is full: % could not be written',
      remedy: 'Free some space on it.',
    },
    EDQUOT: {
      code: 'disk-full',
      message: 'the disk quota is used up: % could not be written',
      remedy: 'Free some space.',
    },
    EACCES: {
      code: 'not-writable',
      message: '% may not be written by this user',
      remedy: 'Give this user the right to write there, or name another folder for results.',
    },
    EROFS: {
      code: 'not-writable',
      message: '% is on a file system that is mounted read-only',
      remedy:
        'Name another folder for results. If it was writable before, its disk may be failing: check the kernel log.',
    },
    ENOTDIR: {
      code: 'not-writable',
      message: '% cannot be made: a part of its path is a file, not a folder',
      remedy: 'Name another folder for results, or move that file away.',
    },
    EEXIST: {
      code: 'not-writable',
      message: '% cannot be made: a part of its path is a file, not a folder',
      remedy: 'Name another folder for results, or move that file away.',
    },
    EMFILE: {
      code: 'too-many-files',
      message: 'this process has too many open files: % could not be opened',
      remedy: 'Raise the limit in this shell with `ulimit -n 4096`.',
    },
    ENFILE: {
      code: 'too-many-files',
      message: 'this machine has too many open files: % could not be opened',
      remedy: 'Close programs, or raise fs.file-max.',
    },
  }
const OWN = { code: 'not-stored', message: '% could not be written', remedy: 'Fix the cause above.' }

/** What a write that broke becomes. */
export function storageFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  const errno = errnoOf(error)
  const { code, message, remedy } = REFUSALS[errno === 'EPERM' ? 'EACCES' : errno] ?? OWN
  return new Failure(code, message.replace('%', path), { cause: error, remedy })
}

/** The system's name of an error (`ENOENT`, …); empty when it is not the system's. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** What a run consists of. Everything else can be made from it again. */
const OF_A_RUN: ReadonlySet<string> = new Set(
  (['run', 'extension', 'trials', 'raw', 'arms', 'events'] as const).map((name) => RUN_FOLDER[name]),
)
/** A trial lies two folders below the run's. */
const DEPTH = 3

/** Refuses to write an output where a file of a run is, or belongs. */
export function refuseRunFile(path: string): void {
  const real = existsSync(path) ? realpathSync(path) : path
  let dir = dirname(real)
  for (let depth = 0; depth < DEPTH; depth++) {
    const [first = ''] = relative(dir, real).split(sep)
    if (existsSync(join(dir, RUN_FOLDER.run)) && (OF_A_RUN.has(first) || first.startsWith('lock-'))) {
      throw new Failure('usage', `${path} is a file of the run ${basename(dir)}, which is never replaced`, {
        remedy: 'Name another file.',
      })
    }
    dir = dirname(dir)
  }
}

/** What pages and summaries, and no other files, have near their beginning. */
export const PAGE_MARK = '· meshbench</title>'
export const SUMMARY_MARK = '## meshbench: '
const BEGINNING = 4096

/** Refuses to replace a file of another kind, or of somebody else: what meshbench writes has a mark of its kind near its beginning. */
export function refuseForeignFile(path: string, mark: string): void {
  refuseRunFile(path)
  if (!existsSync(path) || beginningOf(path).includes(mark)) return
  throw new Failure('usage', `${path} exists and was not written by this command`, {
    remedy: 'Name another file, or remove this one first.',
  })
}

/** Nothing of what is no regular file: a device may have no end, and a pipe may wait for ever. */
function beginningOf(path: string): string {
  if (!statSync(path).isFile()) return ''
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(BEGINNING)
    return buffer.toString('utf8', 0, readSync(file, buffer))
  } finally {
    closeSync(file)
  }
}
