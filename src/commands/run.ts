import { analyse } from '../analyse/analyse.ts'
import { statements } from '../analyse/statements.ts'
import { loads } from '../loads/index.ts'
import type { Analysis } from '../model/analysis.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Platform } from '../model/platform.ts'
import { remaining } from '../plan/remaining.ts'
import { run } from '../run/run.ts'
import { readRun } from '../store/read-run.ts'
import { styleFor } from '../ui/style.ts'
import { analysisTable } from '../ui/table.ts'
import { openInBrowser } from './open-in-browser.ts'
import { type Prepared, prepareNew, prepareResumed } from './prepare-run.ts'
import type { SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'
import { watch } from './watch.ts'
import { writeReport } from './write-report.ts'

interface RunOptions extends SelectionOptions {
  readonly resume?: string | true
  readonly open?: boolean
}

/** `meshbench run`: everything from a scenario to a report. */
export async function runCommand(
  [scenario]: readonly string[],
  options: RunOptions,
  surroundings: Surroundings,
): Promise<number> {
  const prepared =
    options.resume === undefined
      ? await prepareNew(scenario ?? 'quick', options, surroundings)
      : await prepareResumed(options.resume, options, surroundings)
  const { writer } = prepared
  try {
    await carryOut(prepared, surroundings)
  } catch (error) {
    throw withResume(error, prepared.run.id)
  } finally {
    await writer.close()
  }
  const analysis = analyse(await readRun(writer.dir))
  const report = await writeReport(analysis, writer.dir)
  show(analysis, report, options, surroundings)
  if (options.open) await openInBrowser(report, surroundings)
  return hasEmptyCell(analysis) ? EXIT.invalid : EXIT.ok
}

async function carryOut({ run: about, platform, finished, writer }: Prepared, surroundings: Surroundings) {
  const view = watch(about.plan, finished, surroundings)
  surroundings.emergency.run = () => killAll(platform, about.id)
  try {
    const events = run(remaining(about.plan, finished), finished.size, {
      platform,
      loads,
      identity: { id: about.id },
      signal: surroundings.signal,
      now: () => Date.now() / 1000,
    })
    for await (const event of events) {
      await writer.write(event)
      view.show(event)
    }
  } finally {
    view.stop()
  }
}

/** The second Ctrl-C: nothing is asked any more. Returns what could not be removed. */
async function killAll(platform: Platform, id: string): Promise<string[]> {
  const left = (await platform.leftovers()).filter(({ run }) => run === id)
  const outcomes = await Promise.allSettled(left.map((leftover) => leftover.remove()))
  return left.flatMap(({ what }, index) => (outcomes[index]?.status === 'rejected' ? [`left behind: ${what}`] : []))
}

function withResume(error: unknown, id: string): Failure {
  const failure = Failure.from(error)
  const resume = `Finished trials are kept; go on with: meshbench run --resume ${id}`
  return new Failure(failure.code, failure.message, {
    ...(failure.why === undefined ? {} : { cause: failure.why }),
    fix: failure.fix === undefined ? resume : `${failure.fix} ${resume}`,
  })
}

function show(analysis: Analysis, report: string, options: RunOptions, { stdout, stderr, env }: Surroundings): void {
  if (options.json) stdout.write(`${JSON.stringify({ schema: 1, command: 'run', report, analysis })}\n`)
  else stdout.write(`${statements(analysis, 'p99').join('\n')}\n\n${analysisTable(analysis, styleFor(stdout, env))}\n`)
  stderr.write(`\nreport: ${report}\n`)
}

/** A cell without one valid trial is a hole in the comparison, whatever the other cells say. */
function hasEmptyCell({ trials, record }: Analysis): boolean {
  const { arms, loads } = record.run.plan.scenario
  const valid = new Set(
    trials.filter(({ status }) => status === 'valid').map(({ result }) => `${result.trial.arm}/${result.trial.load}`),
  )
  return arms.some((arm) => loads.some((load) => !valid.has(`${arm.name}/${load.name}`)))
}
