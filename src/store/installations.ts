import { constants, readdirSync } from 'node:fs'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readOwnFile } from '../host/regular-file.ts'
import type { RunRecord } from '../model/analysis.ts'
import { type Installation, installationSchema } from '../model/installation.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'
import { errnoOf, sweepTemporary, writeOnce } from './write-once.ts'

/** What stands in the clusters: `arms/<arm>-<digest>.json`. */
const FOLDER = RUN_FOLDER.arms

const READERS: Readers<Installation> = { 1: (data) => installationSchema.parse(data) }

/** The same installation is provisioned for every cohort, and is written once. */
export async function writeInstallation(dir: string, installation: Installation): Promise<void> {
  const folder = join(dir, FOLDER)
  await mkdir(folder, { recursive: true })
  const text = `${JSON.stringify(installation)}\n`
  try {
    await writeOnce(join(folder, nameOf(installation)), (file) => file.writeFile(text))
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

/** What was installed in a run, in the order of names; none where the platform installs nothing. */
export function readInstallations(dir: string): Required<Pick<RunRecord, 'installations' | 'unreadable'>> {
  const installations: Installation[] = []
  const unreadable: RunRecord['unreadable'][number][] = []
  for (const name of namesIn(join(dir, FOLDER))) {
    const file = join(FOLDER, name)
    try {
      const installation = readVersioned(READERS, readOwnFile(join(dir, file)))
      if (nameOf(installation) !== name) throw new TypeError('its name does not fit what it says')
      installations.push(installation)
    } catch (error) {
      unreadable.push({ file, reason: reasonOf(error) })
    }
  }
  return { installations, unreadable }
}

/** Of shards that become one run: what both have is the same. */
export async function copyInstallations(from: string, to: string): Promise<void> {
  const names = await readdir(join(from, FOLDER)).catch(() => [])
  if (names.length > 0) await mkdir(join(to, FOLDER), { recursive: true })
  for (const name of names.filter((one) => !one.startsWith('.'))) {
    await copyFile(join(from, FOLDER, name), join(to, FOLDER, name), constants.COPYFILE_EXCL).catch(
      (error: unknown) => {
        if (errnoOf(error) !== 'EEXIST') throw error
      },
    )
  }
}

/** Removes what a writer that was killed left half done. */
export async function sweepInstallations(dir: string): Promise<void> {
  await sweepTemporary(join(dir, FOLDER)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error
  })
}

function nameOf({ arm, digest }: Pick<Installation, 'arm' | 'digest'>): string {
  return `${arm}-${digest.slice(0, 16)}.json`
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .toSorted()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}
