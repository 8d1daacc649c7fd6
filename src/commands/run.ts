import { judgeTrial } from '../analyse/judge-trial.ts'
import { noisyNeighbour, TOO_MUCH } from '../analyse/rules/noisy-neighbour.ts'
import { howBusy } from '../host/busy.ts'
import { loads } from '../loads/index.ts'
import type { Analysis, JudgedTrial } from '../model/analysis.ts'
import type { Event } from '../model/event.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { type Plan, type Trial, trialsOf } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import type { Run } from '../model/result.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import type { Seconds } from '../model/units.ts'
import { VALIDITY_REMEDY, validityGap, validityWords } from '../model/words.ts'
import { remaining } from '../plan/shards.ts'
import { costsOf, emptyLedger, eta, learnCosts, learnedCosts } from '../plan/time.ts'
import { pageData } from '../report/data/page-data.ts'
import { run } from '../run/run.ts'
import { analysisTable } from '../ui/analysis-table.ts'
import { failureText } from '../ui/failure-text.ts'
import { type Progress, progress } from '../ui/progress.ts'
import { statements } from '../ui/statements.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { analyseRun, wholeAnalysis } from './analyse-run.ts'
import type { SelectionOptions } from './choose-plan.ts'
import { removeLeftovers } from './clean.ts'
import type { CommandContext } from './command-context.ts'
import { type GateOptions, minValidOf } from './gate.ts'
import { earlierRunsOf, type HistoryStoreOptions } from './history.ts'
import { extendRun, type Prepared, prepareNew, prepareResumed } from './prepare-run.ts'
import { openInBrowser, type WrittenReport, writeReport } from './write-report.ts'

interface RunOptions
  extends SelectionOptions,
    HistoryStoreOptions,
    Pick<GateOptions, 'limits' | 'reference' | 'minValid'> {
  readonly resume?: string | true
  readonly extend?: string | true
  readonly open?: boolean
  /** Measures on where no trial of the first block is valid. */
  readonly keepGoing?: boolean
}

/** `meshbench run`: everything from a scenario to a report. */
export async function runCommand(
  [scenario]: readonly string[],
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const minValid = minValidOf(options)
  const prepared = await prepare(scenario, options, context)
  if (!prepared) return EXIT.ok
  const { writer } = prepared
  let stopped: Failure | undefined
  try {
    stopped = await carryOut(prepared, options, context)
  } catch (error) {
    throw withResume(error, prepared.run.id)
  } finally {
    await writer.close()
  }
  context.settled?.()
  const analysis = await analyseRun(writer.dir)
  const data = pageData(analysis, await earlierRunsOf(analysis, options, context))
  const written = await writeReport(analysis, writer.dir, { data })
  const gap = validityGap(analysis, minValid)
  const few = gap === undefined ? undefined : new Failure('too-few-valid-trials', gap, { fix: VALIDITY_REMEDY })
  const short = stopped ?? few
  show(analysis, written, { ...options, short }, context)
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
      fix: 'First finish the run with --resume, then use --extend for suspect cells.',
    })
  }
  const dir = await extendRun(extend, options, context)
  return dir === undefined ? undefined : prepareResumed(dir, scenario, options, context)
}

/** Measures what is planned. Returns why it stopped early, if it did. */
async function carryOut(
  { run: about, plan, platform, finished, writer }: Prepared,
  { keepGoing = false }: Pick<RunOptions, 'keepGoing'>,
  context: CommandContext,
): Promise<Failure | undefined> {
  const early = keepGoing ? undefined : firstBlock(about, platform, context)
  const view = watch(plan, finished, context)
  context.emergency.run = () => killAll(platform, about.id)
  try {
    const events = run(remaining(plan, finished), finished.size, {
      platform,
      loads,
      identity: { id: about.id },
      signal: context.signal,
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

/** How long the machine is watched for whether other programs still run. */
const LOOK: Seconds = 2

/**
 * Looks at the first block that is measured. If none of its trials is valid, the rest will hardly be, and the run should stop
 * with the cause that most of them share, unless that was other programs on this machine which have ended since.
 */
function firstBlock({ id, plan }: Run, platform: Platform, { stderr, signal }: CommandContext) {
  const judged: JudgedTrial[] = []
  let block: number | undefined
  let isOver = false
  return async (event: Event): Promise<Failure | undefined> => {
    if (isOver) return undefined
    if (event.type === 'result') judged.push(judgeTrial(event.result, plan))
    if (event.type !== 'visit') return undefined
    block ??= event.block
    isOver = event.block !== block && judged.length > 0
    if (!isOver || judged.some(({ status }) => status === 'valid')) return undefined
    const cause = commonCause(judged)
    if (cause.rule === noisyNeighbour.name && PLATFORM_TRAITS[platform.name].isHere) {
      const { others, cores } = await howBusy(LOOK, signal)
      if (others / cores <= TOO_MUCH) {
        stderr.write('no trial of the first block is valid; the other programs have ended, so the run goes on\n')
        return undefined
      }
    }
    return new Failure('no-valid-data', 'the run stopped: no trial of its first block is valid', {
      cause: cause.cause,
      fix: `${cause.remedy} Then start again, or go on with: meshbench run --resume ${id}. To measure in any case, add --keep-going.`,
    })
  }
}

/** What most trials have against them: of several causes in one trial, other programs come first, since the rest may follow from them. */
function commonCause(judged: readonly JudgedTrial[]): { rule: string; cause: string; remedy: string } {
  const causes = judged.flatMap(({ problems, result: { outcome } }) => {
    if (outcome.status === 'failed') {
      const { code, message, cause, fix = '' } = outcome.failure
      return [{ rule: code, cause: cause === undefined ? message : `${message}: ${cause}`, remedy: fix }]
    }
    const against = problems.filter(({ severity }) => severity === 'invalid')
    return [against.find(({ rule }) => rule === noisyNeighbour.name) ?? against[0] ?? []].flat()
  })
  const [first] = [...Map.groupBy(causes, ({ rule }) => rule).values()].toSorted((a, b) => b.length - a.length)
  return first?.[0] ?? { rule: '', cause: 'its trials have no results', remedy: '' }
}

/** Handles the second Ctrl-C: kills everything at once. Returns what could not be removed. */
async function killAll(platform: Platform, id: string): Promise<string[]> {
  const left = (await platform.leftovers()).filter(({ run }) => run === id)
  const removals = await removeLeftovers(left)
  return removals.flatMap(({ leftover, reason }) => (reason === undefined ? [] : [`left behind: ${leftover.what}`]))
}

function withResume(error: unknown, id: string): Failure {
  const failure = Failure.from(error)
  const resume = `Finished trials are kept; continue with: meshbench run --resume ${id}`
  return new Failure(failure.code, failure.message, {
    ...(failure.why === undefined ? {} : { cause: failure.why }),
    fix: failure.fix === undefined ? resume : `${failure.fix} ${resume}`,
  })
}

function show(
  analysis: Analysis,
  written: WrittenReport,
  { json, short }: Pick<RunOptions, 'json'> & { readonly short: Failure | undefined },
  { stdout, stderr, env }: CommandContext,
): void {
  const failure = short && { failure: short.toData() }
  if (json)
    stdout.write(
      `${JSON.stringify({ schema: 1, command: 'run', ...written, ...failure, analysis: wholeAnalysis(analysis) })}\n`,
    )
  else stdout.write(`${statements(analysis, 'p99').join('\n')}\n\n${analysisTable(analysis, styleFor(stdout, env))}\n`)
  stderr.write(`\n${validityWords(analysis)}\nreport: ${written.report}\nsummary: ${written.summary}\n`)
  if (short) stderr.write(`${failureText(short.toData(), styleFor(stderr, env))}\n`)
}

/** Whether every cell has a valid trial; otherwise the comparison is incomplete. */
function hasEmptyCell({ trials, record }: Analysis): boolean {
  const nameOf = ({ arm, load }: Pick<Trial, 'arm' | 'load'>) => `${arm}/${load}`
  const valid = new Set(trials.filter(({ status }) => status === 'valid').map(({ result }) => nameOf(result.trial)))
  return trialsOf(record.run.plan).some((trial) => !valid.has(nameOf(trial)))
}

/** Progress on stderr, with the time left estimated from the trials of this run. */
export function watch(plan: Plan, before: ReadonlySet<string>, { stderr, env }: CommandContext): Progress {
  const ahead = remaining(plan, before)
  const finished = new Set<string>()
  const defaults = costsOf(plan.scenario.platform ?? 'local', plan.scenario)
  let ledger = emptyLedger
  const view = progress({
    output: stderr,
    interactive: Boolean(stderr.isTTY) && !env['CI'] && env['TERM'] !== 'dumb',
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
      view.show(event)
    },
    stop: view.stop,
  }
}
