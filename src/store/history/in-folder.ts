import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, storageFailure } from '../storage-failure.ts'
import { syncFolder, writeSynced } from '../write-once.ts'
import type { Shelf } from './history.ts'

export const FILES = { lines: 'history.jsonl', head: 'history.head.json' } as const

/** A history in a folder. Each file is replaced whole; the lines first, since a head that is behind does no harm. */
export function inFolder(dir: string): Shelf {
  return {
    where: dir,
    async read() {
      const [lines, head] = await Promise.all([textOf(join(dir, FILES.lines)), textOf(join(dir, FILES.head))])
      return { lines: lines ?? '', head }
    },
    async write({ lines, head }) {
      try {
        await mkdir(dir, { recursive: true })
        await replace(join(dir, FILES.lines), lines)
        await replace(join(dir, FILES.head), head ?? '')
        await syncFolder(dir)
      } catch (error) {
        throw storageFailure(error, dir)
      }
    },
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw storageFailure(error, path)
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeSynced(temporary, 'w', (file) => file.writeFile(text))
  await rename(temporary, path)
}
