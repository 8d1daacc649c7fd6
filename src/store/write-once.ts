import { constants } from 'node:fs'
import { copyFile, type FileHandle, link, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf } from './storage-failure.ts'

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
