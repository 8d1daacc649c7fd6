import { resolve } from 'node:path'
import { EXIT } from '../model/exit-codes.ts'
import { findRun } from '../store/find-run.ts'
import { mergeRuns } from '../store/merge-runs.ts'
import { analyseRun } from './analyse-run.ts'
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
  const analysis = await analyseRun(dir)
  const { report } = await writeReport(analysis, dir)
  const answer = {
    schema: 1,
    command: 'merge',
    run: analysis.record.run.id,
    dir,
    trials: analysis.trials.length,
    report,
  }
  if (options.json) stdout.writeJson(answer)
  else stdout.write(`${dir}\n`)
  return EXIT.ok
}
