import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Run } from '../model/result.ts'
import { lockRun } from './lock.ts'
import { openWriter, type RunWriter } from './run-writer.ts'
import { errnoOf, storageFailure } from './storage-failure.ts'
import { syncFolder, writeOnce } from './write-once.ts'

/** Makes the folder of a new run, with run.json in it, and becomes its only writer. */
export async function createRun(root: string, run: Run): Promise<RunWriter> {
  const dir = join(root, run.id)
  try {
    await mkdir(root, { recursive: true })
    await makeFolder(dir, run.id)
    await mkdir(join(dir, 'trials'))
    await mkdir(join(dir, 'raw'))
    const writer = await openWriter(dir, await lockRun(dir))
    try {
      // Last: only with run.json a folder is a run.
      await writeOnce(join(dir, 'run.json'), (file) => file.writeFile(`${JSON.stringify(run, undefined, 2)}\n`))
      await syncFolder(root)
    } catch (error) {
      await writer.close()
      throw error
    }
    return writer
  } catch (error) {
    throw storageFailure(error, dir)
  }
}

async function makeFolder(dir: string, id: string): Promise<void> {
  try {
    await mkdir(dir)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new Failure('run-exists', `there is already a run ${id}`, {
      cause: `${dir} exists`,
      fix: `Continue it with \`meshbench run --resume ${id}\`, or start again: every run gets a new name.`,
    })
  }
}
