import { resolve } from 'node:path'
import { analyse } from '../analyse/analyse.ts'
import { EXIT } from '../model/exit-codes.ts'
import { findRun } from '../store/find-run.ts'
import { mergeRuns } from '../store/merge-runs.ts'
import { readRun } from '../store/read-run.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { writeReport } from './write-report.ts'

/** `meshbench merge RUN RUN …`: the shards of one run become one run, with its report. The shards stay as they are. */
export async function mergeCommand(
  given: readonly string[],
  options: CommonOptions,
  { cwd, stdout }: CommandContext,
): Promise<number> {
  const results = resolve(cwd, options.results)
  const dirs: string[] = []
  for (const one of given) dirs.push(await findRun(results, one, cwd))
  const dir = await mergeRuns(dirs, results)
  const record = await readRun(dir)
  const { report } = await writeReport(analyse(record), dir)
  const answer = { schema: 1, command: 'merge', run: record.run.id, dir, trials: record.results.length, report }
  if (options.json) stdout.writeJson(answer)
  else stdout.write(`${dir}\n`)
  return EXIT.ok
}
