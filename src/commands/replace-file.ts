import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'

/** Puts a file in place whole, or leaves what was there. For what is made of results and may be made again. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, content)
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new Failure('report-not-written', `${file} could not be written`, {
      cause,
      fix: 'The results are safe; make room or name another place: meshbench report --output FILE',
    })
  }
}
