import { resolve } from 'node:path'
import { analyse } from '../analyse/analyse.ts'
import { findRun } from '../store/find-run.ts'
import { readRun } from '../store/read-run.ts'
import { openInBrowser } from './open-in-browser.ts'
import type { CommonOptions, Surroundings } from './surroundings.ts'
import { writeReport } from './write-report.ts'

interface ReportOptions extends CommonOptions {
  readonly output?: string
  readonly open?: boolean
}

/** `meshbench report`: from files alone. */
export async function reportCommand(
  [given]: readonly string[],
  options: ReportOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { cwd, stdout } = surroundings
  const dir = await findRun(resolve(cwd, options.results), given)
  const analysis = analyse(await readRun(dir))
  const file = await writeReport(analysis, dir, options.output && resolve(cwd, options.output))
  stdout.write(
    options.json ? `${JSON.stringify({ schema: 1, command: 'report', report: file, analysis })}\n` : `${file}\n`,
  )
  if (options.open) await openInBrowser(file, surroundings)
  return 0
}
