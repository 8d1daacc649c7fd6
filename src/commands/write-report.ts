import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { renderReport } from '../report/render.ts'

/** Renders the page and puts it in place whole. It is derived from the other files, so it may be replaced. */
export async function writeReport(analysis: Analysis, dir: string, file = join(dir, 'report.html')): Promise<string> {
  const page = await renderReport(analysis, { generatedAt: new Date().toISOString() })
  try {
    await writeFile(`${file}.new`, page)
    await rename(`${file}.new`, file)
  } catch (error) {
    throw new Failure('report-not-written', `the report could not be written to ${file}`, {
      cause: error,
      fix: 'The results are safe; make room or name another place: meshbench report --output FILE',
    })
  }
  return file
}
