import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { judgeTrial } from '../analyse/judge-trial.ts'
import { signalGroup } from '../host/processes.ts'
import { loads } from '../loads/index.ts'
import type { Analysis } from '../model/analysis.ts'
import type { Event } from '../model/event.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { type Plan, type Trial, trialsOf } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import { UNASKED } from '../model/traits.ts'
import { VALIDITY_REMEDY, validityGap, validityWords } from '../model/words.ts'
import { remaining } from '../plan/shards.ts'
import { costsOf, emptyLedger, eta, learnCosts, learnedCosts } from '../plan/time.ts'
import { pageData } from '../report/data/page-data.ts'
import { run } from '../run/run.ts'
import { analysisTable, problemList } from '../ui/analysis-table.ts'
import { failureText } from '../ui/failure-text.ts'
import { type Progress, progress } from '../ui/progress.ts'
import { statements } from '../ui/statements.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { paragraph } from '../ui/text-layout.ts'
import { analyseRun, wholeAnalysis } from './analyse-run.ts'
import { canAsk } from './ask.ts'
import type { SelectionOptions } from './choose-plan.ts'
import { removeLeftovers } from './clean.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { askToGoOn, earlyStop } from './early-stop.ts'
import { type GateOptions, judgeForPage, minValidOf } from './gate.ts'
import { earlierRunsOf, type HistoryStoreOptions, pastRuns } from './history.ts'
import { extendRun, type Prepared, prepareNew, prepareResumed } from './prepare-run.ts'
import { exportsOf, openInBrowser, type WrittenReport, writeExports, writeReport } from './write-report.ts'

interface RunOptions
  extends SelectionOptions,
    HistoryStoreOptions,
    Pick<GateOptions, 'limits' | 'reference' | 'minValid'> {
  readonly resume?: string | true
  readonly extend?: string | true
  readonly open?: boolean
  /** Measures on where no trial of the first block, or beside other programs none of the first three, is valid. */
  readonly keepGoing?: boolean
  /** Shell commands of the user's, before anything is provisioned and after everything is removed. */
  readonly setup?: string
  readonly cleanup?: string
  readonly export?: string
}

/** `meshbench run`: everything from a scenario to a report. */
export async function runCommand(
  [scenario]: readonly string[],
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const minValid = minValidOf(options)
  const formats = exportsOf(options)
  const prepared = await prepare(scenario, options, context)
  if (!prepared) return EXIT.ok
  const { writer } = prepared
  let stopped: Failure | undefined
  try {
    stopped = await withHooks(prepared, options, context, () => carryOut(prepared, options, context))
  } catch (error) {
    throw withResume(error, prepared.run.id)
  } finally {
    await writer.close()
  }
  context.settled?.()
  const analysis = await analyseRun(writer.dir)
  const past = await pastRuns(options, context.cwd)
  const data = pageData(analysis, earlierRunsOf(analysis, past, context))
  const gate = await judgeForPage(analysis, options, context.cwd, past)
  const written = await writeReport(analysis, writer.dir, { data, gate })
  const gap = validityGap(analysis, minValid)
  const few = gap === undefined ? undefined : new Failure('too-few-valid-trials', gap, { remedy: VALIDITY_REMEDY })
  const short = stopped ?? few
  const exported = await writeExports(formats, analysis, written)
  show(analysis, { ...written, exported }, { ...options, short }, context)
  if (options.open) await openInBrowser(written.report, context)
  if (short) return short.exitCode
  return hasEmptyCell(analysis) ? EXIT.invalid : EXIT.ok
}

/** Undefined where an extension has nothing to measure. */
async function prepare(
  scenario: string | undefined,
  options: RunOptions,
  context: CommandContext,
): Promise<Prepared | undefined> {
  const { resume, extend } = options
  if (extend === undefined && resume === undefined) return prepareNew(scenario, options, context)
  if (extend === undefined) return prepareResumed(resume ?? true, scenario, options, context)
  if (resume !== undefined) {
    throw new Failure('usage', '--extend and --resume exclude each other', {
      remedy: 'First finish the run with --resume, then use --extend for suspect cells.',
    })
  }
  const dir = await extendRun(extend, options, context)
  return dir === undefined ? undefined : prepareResumed(dir, scenario, options, context)
}

/**
 * Runs --setup, what is given, and then --cleanup, whatever came of it. Returns why the run stopped early or, where it did not,
 * why --cleanup failed. Where something was thrown, that counts, and a failure of --cleanup is only said.
 */
async function withHooks(
  prepared: Prepared,
  { setup, cleanup }: Pick<RunOptions, 'setup' | 'cleanup'>,
  context: CommandContext,
  act: () => Promise<Failure | undefined>,
): Promise<Failure | undefined> {
  // Not cancelled by Ctrl-C: what --setup changed has to be undone.
  const cleanUp = () => runHook('--cleanup', cleanup, prepared, context)
  try {
    const failed = await runHook('--setup', setup, prepared, context, context.signal)
    if (failed) throw failed
    const stopped = await act()
    return stopped ?? (await cleanUp())
  } catch (error) {
    const failed = await cleanUp()
    if (failed) context.stderr.alert(`${failureText(failed.toData(), styleFor(context.stderr, context.env))}\n`)
    throw error
  }
}

/** The command writes to this process's stderr. It has ended when its shell has, even if it leaves something in the background. */
async function runHook(
  option: string,
  command: string | undefined,
  { run: { id }, writer: { dir } }: Prepared,
  { cwd, stderr }: CommandContext,
  signal?: AbortSignal,
): Promise<Failure | undefined> {
  if (command === undefined) return undefined
  stderr.write(`${option}: ${command}\n`)
  const env = { ...process.env, MESHBENCH_RUN: id, MESHBENCH_RUN_FOLDER: dir }
  // In a group of its own, so that a signal ends what the shell has started as well.
  const child = spawn(command, { shell: true, detached: true, stdio: ['ignore', 2, 2], env, cwd })
  const end = () => child.pid !== undefined && signalGroup(child.pid, 'SIGTERM')
  signal?.addEventListener('abort', end, { once: true })
  const [code, by] = await once(child, 'exit')
  signal?.removeEventListener('abort', end)
  signal?.throwIfAborted()
  if (code === 0) return undefined
  return new Failure('hook-failed', `the command of ${option} ended with ${code ?? by}`, {
    cause: command,
    remedy: 'Correct the command, or leave it out.',
  })
}

/** Measures what is planned. Returns why it stopped early, if it did. */
async function carryOut(
  { run: about, plan, scripts, platform, finished, searches, writer }: Prepared,
  options: Pick<RunOptions, 'keepGoing' | 'json' | 'quiet' | 'verbose'>,
  context: CommandContext,
): Promise<Failure | undefined> {
  const view = watch(plan, finished, options, context)
  const ask = canAsk(options, context) ? askToGoOn(context) : undefined
  const goOn = ask && ((trouble: string) => view.aside(() => ask(trouble)))
  const early = options.keepGoing ? undefined : earlyStop(about, platform, context, { ...(goOn && { goOn }) })
  context.emergency.run = () => killAll(platform, about.id)
  try {
    const events = run(remaining(plan, finished), finished.size, {
      platform,
      loads,
      identity: { id: about.id },
      signal: context.signal,
      scripts,
      ...(searches && { searches }),
      now: () => Date.now() / 1000,
    })
    for await (const event of events) {
      await writer.write(event)
      view.show(event)
      const hopeless = await early?.(event)
      // Leaving the loop tears down.
      if (hopeless) return hopeless
    }
    return undefined
  } finally {
    view.stop()
  }
}

/** Handles the second Ctrl-C: kills everything at once. Returns what could not be removed. */
export async function killAll(platform: Platform, id: string): Promise<string[]> {
  const left = (await platform.leftovers()).filter(({ run }) => run === id)
  const removals = await removeLeftovers(left)
  return removals.flatMap(({ leftover, reason }) => (reason === undefined ? [] : [`left behind: ${leftover.what}`]))
}

function withResume(error: unknown, id: string): Failure {
  const failure = Failure.from(error)
  const resume = `Finished trials are kept; continue with: meshbench run --resume ${id}`
  return new Failure(failure.code, failure.message, {
    ...(failure.why === undefined ? {} : { cause: failure.why }),
    remedy: failure.remedy === undefined ? resume : `${failure.remedy} ${resume}`,
  })
}

/** The answer first: one sentence for each arm, the table, where the report is; then what is wrong with it. */
function show(
  analysis: Analysis,
  written: WrittenReport & { readonly exported: readonly string[] },
  { json, verbose = false, short }: Pick<RunOptions, 'json' | 'verbose'> & { readonly short: Failure | undefined },
  { stdout, stderr, env }: CommandContext,
): void {
  const failure = short && { failure: short.toData() }
  const style = styleFor(stdout, env)
  const { report, summary, exported } = written
  const where = [`report: ${report}`, `summary: ${summary}`, ...exported.map((file) => `export: ${file}`)].join('\n')
  if (json) {
    stdout.writeJson({ schema: 1, command: 'run', ...written, ...failure, analysis: wholeAnalysis(analysis) }, 0)
    stderr.write(`${validityWords(analysis)}\n${where}\n`)
  } else {
    const answer = statements(analysis, 'p99').map((sentence) =>
      paragraph(style.plain(sentence), { width: style.width }),
    )
    stdout.write(`${answer.join('\n')}\n\n${analysisTable(analysis, style, { verbose })}\n`)
    stderr.write(`\n${validityWords(analysis)}\n${where}\n`)
    const problems = problemList(analysis, style, { verbose })
    if (problems !== '') stdout.write(`\n${problems}\n`)
  }
  if (short) stderr.alert(`${failureText(short.toData(), styleFor(stderr, env))}\n`)
}

/** Whether every cell has a valid trial; otherwise the comparison is incomplete. */
function hasEmptyCell({ trials, record }: Analysis): boolean {
  const nameOf = ({ arm, load }: Pick<Trial, 'arm' | 'load'>) => `${arm}/${load}`
  const valid = new Set(trials.filter(({ status }) => status === 'valid').map(({ result }) => nameOf(result.trial)))
  return trialsOf(record.run.plan).some((trial) => !valid.has(nameOf(trial)))
}

/** Progress on stderr, with the time left estimated from the trials of this run. */
export function watch(
  plan: Plan,
  before: ReadonlySet<string>,
  { verbose = false, quiet = false }: Pick<CommonOptions, 'verbose' | 'quiet'>,
  { stderr, env }: CommandContext,
): Progress {
  const ahead = remaining(plan, before)
  const finished = new Set<string>()
  const defaults = costsOf(plan.scenario.platform ?? UNASKED.instead, plan.scenario)
  let ledger = emptyLedger
  const view = progress({
    output: stderr,
    verbose,
    interactive: Boolean(stderr.isTTY) && !verbose && !quiet && !env['CI'] && env['TERM'] !== 'dumb',
    plan,
    style: styleFor(stderr, env),
    ...(env['GITHUB_ACTIONS'] ? { folding: 'github-actions' as const } : {}),
    judge: (result) => judgeTrial(result, plan),
    eta: () => eta(ahead, finished, learnedCosts(ledger, defaults)),
  })
  return {
    show(event: Event) {
      ledger = learnCosts(ledger, event)
      if (event.type === 'result') finished.add(event.result.trial.id)
      if (event.type === 'searched') finished.add(event.trial.id)
      view.show(event)
    },
    aside: view.aside,
    stop: view.stop,
  }
}
