import { analyse } from '../analyse/analyse.ts'
import { statements } from '../analyse/statements.ts'
import { VALIDITY_REMEDY, validityGap, validityWords } from '../analyse/wording.ts'
import { loads } from '../loads/index.ts'
import type { Analysis } from '../model/analysis.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { type Trial, trialsOf } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import { remaining } from '../plan/remaining.ts'
import { run } from '../run/run.ts'
import { readRun } from '../store/read-run.ts'
import { failureText } from '../ui/failure.ts'
import { styleFor } from '../ui/style.ts'
import { analysisTable } from '../ui/table.ts'
import { extendRun } from './extend-run.ts'
import { type GateOptions, minValidOf } from './gate.ts'
import type { ShelfOptions } from './history.ts'
import { openInBrowser } from './open-in-browser.ts'
import { pastOf } from './past-of.ts'
import { type Prepared, prepareNew, prepareResumed } from './prepare-run.ts'
import { removeLeftovers } from './remove-leftovers.ts'
import type { SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'
import { watch } from './watch.ts'
import { type WrittenReport, writeReport } from './write-report.ts'

interface RunOptions extends SelectionOptions, ShelfOptions, Pick<GateOptions, 'limits' | 'reference' | 'minValid'> {
  readonly resume?: string | true
  readonly extend?: string | true
  readonly open?: boolean
}

/** `meshbench run`: everything from a scenario to a report. */
export async function runCommand(
  [scenario]: readonly string[],
  options: RunOptions,
  surroundings: Surroundings,
): Promise<number> {
  const minValid = minValidOf(options)
  const prepared = await prepare(scenario, options, surroundings)
  if (!prepared) return EXIT.ok
  const { writer } = prepared
  try {
    await carryOut(prepared, surroundings)
  } catch (error) {
    throw withResume(error, prepared.run.id)
  } finally {
    await writer.close()
  }
  const analysis = analyse(await readRun(writer.dir))
  const written = await writeReport(analysis, writer.dir, { history: await pastOf(analysis, options, surroundings) })
  const gap = validityGap(analysis, minValid)
  const short = gap === undefined ? undefined : new Failure('too-few-valid-trials', gap, { fix: VALIDITY_REMEDY })
  show(analysis, written, { ...options, short }, surroundings)
  if (options.open) await openInBrowser(written.report, surroundings)
  if (short) return short.exitCode
  return hasEmptyCell(analysis) ? EXIT.invalid : EXIT.ok
}

/** Undefined where an extension has nothing to measure. */
async function prepare(
  scenario: string | undefined,
  options: RunOptions,
  surroundings: Surroundings,
): Promise<Prepared | undefined> {
  const { resume, extend } = options
  if (extend === undefined && resume === undefined) return prepareNew(scenario, options, surroundings)
  if (extend === undefined) return prepareResumed(resume ?? true, options, surroundings)
  if (resume !== undefined) {
    throw new Failure('usage', '--extend and --resume exclude each other', {
      fix: 'Finish a run with --resume first; what it then suspects is measured with --extend.',
    })
  }
  const dir = await extendRun(extend, options, surroundings)
  return dir === undefined ? undefined : prepareResumed(dir, options, surroundings)
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
  const removals = await removeLeftovers(left)
  return removals.flatMap(({ leftover, reason }) => (reason === undefined ? [] : [`left behind: ${leftover.what}`]))
}

function withResume(error: unknown, id: string): Failure {
  const failure = Failure.from(error)
  const resume = `Finished trials are kept; go on with: meshbench run --resume ${id}`
  return new Failure(failure.code, failure.message, {
    ...(failure.why === undefined ? {} : { cause: failure.why }),
    fix: failure.fix === undefined ? resume : `${failure.fix} ${resume}`,
  })
}

function show(
  analysis: Analysis,
  written: WrittenReport,
  { json, short }: Pick<RunOptions, 'json'> & { readonly short: Failure | undefined },
  { stdout, stderr, env }: Surroundings,
): void {
  const failure = short && { failure: short.toData() }
  if (json) stdout.write(`${JSON.stringify({ schema: 1, command: 'run', ...written, ...failure, analysis })}\n`)
  else stdout.write(`${statements(analysis, 'p99').join('\n')}\n\n${analysisTable(analysis, styleFor(stdout, env))}\n`)
  stderr.write(`\n${validityWords(analysis)}\nreport: ${written.report}\nsummary: ${written.summary}\n`)
  if (short) stderr.write(`${failureText(short.toData(), styleFor(stderr, env))}\n`)
}

/** A cell without one valid trial is a hole in the comparison, whatever the other cells say. */
function hasEmptyCell({ trials, record }: Analysis): boolean {
  const nameOf = ({ arm, load }: Pick<Trial, 'arm' | 'load'>) => `${arm}/${load}`
  const valid = new Set(trials.filter(({ status }) => status === 'valid').map(({ result }) => nameOf(result.trial)))
  return trialsOf(record.run.plan).some((trial) => !valid.has(nameOf(trial)))
}
