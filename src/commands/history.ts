import { resolve } from 'node:path'
import { metrics as known } from '../analyse/metrics.ts'
import { historyEntries, type Trend, trendsOf, trendsOfRun } from '../analyse/over-runs/trends.ts'
import type { Analysis } from '../model/analysis.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import type { HistoryEntry } from '../model/history.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { count } from '../model/words.ts'
import { findRun } from '../store/find-run.ts'
import { addToHistory, type HistoryStore, inFolder, onBranch, readHistory } from '../store/history-store.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { trendTable } from '../ui/trend-table.ts'
import { analyseRun, refuseUnsteady } from './analyse-run.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { commaList, knownNames } from './names.ts'

/** Where the history is kept. */
export interface HistoryStoreOptions extends CommonOptions {
  readonly folder?: string
  readonly branch?: string
}

export interface HistoryOptions extends HistoryStoreOptions {
  readonly metrics?: string
  readonly machine?: string
}

/** `meshbench history`: the trend of every arm and load, on the kind of machine that measured last. */
export async function historyCommand(
  _: readonly string[],
  options: HistoryOptions,
  { cwd, stdout, stderr, env }: CommandContext,
): Promise<number> {
  const wanted = metricsOf(options)
  const { entries, where } = await readHistory(historyStoreOf(options, cwd))
  const shown = onMachine(entries, options.machine)
  const trends = wanted.flatMap((metric) => trendsOf(shown, metric))
  if (options.json) {
    stdout.writeJson({ schema: 1, command: 'history', where, trends })
    return EXIT.ok
  }
  if (trends.length === 0) {
    stderr.write(`the history in ${where} is empty; meshbench history add adds the newest run\n`)
    return EXIT.ok
  }
  const infos = known.map(({ info }) => info)
  stdout.write(`${trendTable(trends, infos, styleFor(stdout, env))}\n`)
  const others = new Set(entries.map(({ machine }) => machine)).size - new Set(shown.map(({ machine }) => machine)).size
  if (others > 0) stderr.write(`other kinds of machine not shown: ${others}; --machine all shows them\n`)
  return EXIT.ok
}

/** By how much the clock of the machine that measured may be ahead, in milliseconds. */
const CLOCKS = 86_400_000

/** `meshbench history add [run]`: adds a run to the history, unless it is there already. */
export async function historyAddCommand(
  [given]: readonly string[],
  options: HistoryOptions,
  { cwd, stdout }: CommandContext,
): Promise<number> {
  const analysis = await analyseRun(await findRun(resolve(cwd, options.results), given, cwd))
  refuseUnsteady(analysis, 'the history')
  const { id, startedAt } = analysis.record.run
  // A history is read in the order of these times, and back from the newest.
  if (!(Date.parse(startedAt) <= Date.now() + CLOCKS)) {
    throw new Failure('no-valid-data', `run ${id} is not added to the history`, {
      cause: `it started at ${startedAt}, which is no time or in the future`,
      remedy: 'Restore its run.json. If a clock was wrong, set it and measure again.',
    })
  }
  const [damaged] = analysis.record.unreadable
  if (damaged) {
    throw new Failure('no-valid-data', `run ${id} has files that cannot be read, so it is not added to the history`, {
      cause: `${damaged.file}: ${damaged.reason}`,
      remedy: 'Restore the files, or move them away and finish the run: meshbench run --resume. Then add it again.',
    })
  }
  const entries = historyEntries(analysis)
  if (entries.length === 0) {
    throw new Failure('no-valid-data', `run ${id} has no valid trial, so it cannot be added to the history`)
  }
  const historyStore = historyStoreOf(options, cwd)
  const added = await addToHistory(historyStore, entries)
  const answer = { schema: 1, command: 'history add', run: id, where: historyStore.where, added }
  const text =
    added === 0
      ? `${id} is already in the history in ${historyStore.where}`
      : `${id}: ${count(added, 'line')} added to the history in ${historyStore.where}`
  if (options.json) stdout.writeJson(answer)
  else stdout.write(`${text}\n`)
  return EXIT.ok
}

/** `meshbench history verify`: reads every line. A changed or cut line gives exit code 12 and its number. */
export async function historyVerifyCommand(
  _: readonly string[],
  options: HistoryOptions,
  { cwd, stdout }: CommandContext,
): Promise<number> {
  const { entries, where } = await readHistory(historyStoreOf(options, cwd))
  const runs = new Set(entries.map(({ run }) => run)).size
  const answer = { schema: 1, command: 'history verify', where, lines: entries.length, runs }
  if (options.json) stdout.writeJson(answer)
  else stdout.write(`the history in ${where} is intact: ${count(entries.length, 'line')} of ${count(runs, 'run')}\n`)
  return EXIT.ok
}

/** A branch where one is named; else a folder, beside the results unless named. */
export function historyStoreOf(options: Pick<HistoryStoreOptions, 'folder' | 'branch'>, cwd: string): HistoryStore {
  if (options.branch === undefined) return inFolder(resolve(cwd, options.folder ?? 'history'))
  if (options.folder === undefined) return onBranch(options.branch, cwd)
  throw new Failure('usage', '--folder and --branch exclude each other', {
    remedy: 'Use the one where the history is stored.',
  })
}

function metricsOf({ metrics }: HistoryOptions): readonly string[] {
  if (metrics === undefined) return SHOWN.history
  const names = known.map(({ info }) => info.name)
  return knownNames(commaList(metrics), names, 'metric')
}

/** Entries of the newest run's kind of machine, or of those whose description contains the text. */
function onMachine(entries: readonly HistoryEntry[], machine: string | undefined): readonly HistoryEntry[] {
  if (machine === 'all') return entries
  if (machine !== undefined) return entries.filter((entry) => entry.machine.includes(machine))
  const newest = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0]
  return entries.filter((entry) => entry.machine === newest?.machine)
}

/** The history as far as it can be read. */
export interface Past {
  readonly entries: readonly HistoryEntry[]
  /** Why it cannot be read; it has no entries then. */
  readonly trouble?: Failure
}

/** Reads the history: once for a command, since a long one takes a while. */
export async function pastRuns(options: HistoryStoreOptions, cwd: string): Promise<Past> {
  try {
    return { entries: (await readHistory(historyStoreOf(options, cwd))).entries }
  } catch (error) {
    const trouble = Failure.from(error)
    if (trouble.code === 'usage') throw error
    return { entries: [], trouble }
  }
}

/** The history for a page. If it cannot be read, a warning is printed and the page has none. */
export function earlierEntries(
  { entries, trouble }: Past,
  { stderr }: Pick<CommandContext, 'stderr'>,
): readonly HistoryEntry[] {
  if (trouble) {
    const { message, why, remedy } = trouble
    const reason = [message, why].filter(Boolean).join(': ')
    stderr.write(`the report has no history: ${reason}\n${remedy === undefined ? '' : `  ${remedy}\n`}`)
  }
  return entries
}

/** The trends that end in a run. */
export function earlierRunsOf(analysis: Analysis, past: Past, context: Pick<CommandContext, 'stderr'>): Trend[] {
  return trendsOfRun(analysis, earlierEntries(past, context))
}
