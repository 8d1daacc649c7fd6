import { access, chmod, constants, mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { Program, ProgramName } from '../model/tool.ts'
import type { Way } from './catalogue.ts'
import { digest } from './digest.ts'
import type { Surroundings } from './surroundings.ts'

/** Kept beside a cached program. Size and time spare reading it through at each start. */
const receiptSchema = z.object({
  version: z.string(),
  origin: z.string(),
  sha256: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
})
type Receipt = z.infer<typeof receiptSchema>

const RECEIPT = 'receipt.json'

/** The folder of a program of the pinned version: program/version/target. */
export function cacheFolder(name: ProgramName, { cacheDir, catalogue, target }: Surroundings): string {
  return join(cacheDir, name, catalogue[name].version, target)
}

/** The cached program of the pinned version. Throws an Error with the reason when there is one that is damaged. */
export async function fromCache(name: ProgramName, around: Surroundings): Promise<Program | undefined> {
  const folder = cacheFolder(name, around)
  const path = join(folder, name)
  const written = await readFile(join(folder, RECEIPT), 'utf8').catch(() => undefined)
  if (written === undefined) return undefined
  const receipt = receiptSchema.parse(JSON.parse(written))
  await access(path, constants.X_OK)
  const { size, mtimeMs } = await stat(path)
  if (size !== receipt.size || mtimeMs !== receipt.mtimeMs) {
    if ((await digest(path)) !== receipt.sha256) throw new Error('it is not what was put there')
    // A restored backup: same bytes, another time. Where the note cannot be made, the next start reads them again.
    await writeFile(join(folder, RECEIPT), JSON.stringify({ ...receipt, size, mtimeMs })).catch(() => undefined)
  }
  return programOf(name, path, receipt)
}

/** Puts a program into the cache in one step, replacing what is there. `file` stands in a folder of its own within `scratch`. */
export async function intoCache(
  name: ProgramName,
  about: { readonly file: string; readonly version: string; readonly origin: Way['kind']; readonly scratch: string },
  around: Surroundings,
): Promise<Program> {
  const ready = join(about.scratch, 'ready')
  await mkdir(ready)
  const path = join(ready, name)
  await rename(about.file, path)
  await chmod(path, 0o755)
  const { size, mtimeMs } = await stat(path)
  const receipt = { version: about.version, origin: about.origin, sha256: await digest(path), size, mtimeMs }
  await writeFile(join(ready, RECEIPT), JSON.stringify(receipt))
  for (const file of [path, join(ready, RECEIPT), ready]) await sync(file)

  const folder = cacheFolder(name, around)
  await mkdir(dirname(folder), { recursive: true })
  await rename(folder, join(about.scratch, 'replaced')).catch(() => undefined)
  await rename(ready, folder)
  await sync(dirname(folder))
  return programOf(name, join(folder, basename(path)), receipt)
}

/** `origin` is where the program came from when it was fetched: it does not change with the second run. */
function programOf(name: ProgramName, path: string, { version, origin, sha256 }: Receipt): Program {
  return { name, path, provenance: { name, version, origin, sha256 } }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
