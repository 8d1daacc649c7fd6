import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { analyse } from '../analyse/analyse.ts'
import { VALIDITY_REMEDY, validityGap } from '../analyse/wording.ts'
import { type GateAbout, gate } from '../gate/gate.ts'
import type { Objection } from '../gate/objection.ts'
import { placeText } from '../gate/pattern.ts'
import type { Pinned } from '../gate/pinned-file.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import type { HistoryEntry } from '../model/history.ts'
import { parseShare } from '../model/units.ts'
import type { GateResult } from '../model/verdict.ts'
import { findRun } from '../store/find-run.ts'
import { readHistory } from '../store/history/history.ts'
import { readPinned } from '../store/pinned.ts'
import { readRun } from '../store/read-run.ts'
import { gateTable } from '../ui/gate-table.ts'
import { styleFor } from '../ui/style.ts'
import { chooseLimits, type LimitsOptions } from './choose-limits.ts'
import { type HistoryOptions, shelfOf } from './history.ts'
import type { Surroundings } from './surroundings.ts'
import { type OutputOptions, writeOutputs } from './write-outputs.ts'

export interface GateOptions extends LimitsOptions, OutputOptions, HistoryOptions {
  readonly strict?: boolean
  readonly previous?: string
  readonly minValid?: string
}

/** `meshbench gate`: from files alone; the exit code is the verdict. */
export async function gateCommand(
  [given]: readonly string[],
  options: GateOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { cwd, stdout, env } = surroundings
  const analysis = await analysisOf(await findRun(resolve(cwd, options.results), given))
  const result = await judge(analysis, options, cwd)
  stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 1, command: 'gate', gate: result }, null, 2)}\n`
      : `${gateTable(result, styleFor(stdout, env))}\n`,
  )
  await writeOutputs(result, options, surroundings)
  return result.exit
}

/** Share of the planned trials that must be valid: `--min-valid 75%`. None is asked for without it. */
export function minValidOf({ minValid }: Pick<GateOptions, 'minValid'>): number {
  if (minValid === undefined) return 0
  const share = parseShare(minValid)
  if (share !== undefined && share > 0 && share <= 1) return share
  throw new Failure('usage', `--min-valid ${minValid} is not a share of the trials`, {
    fix: 'Write a share above 0 % and up to 100 % with its sign: --min-valid 75%',
  })
}

function tooFewValid(analysis: Analysis, options: GateOptions): Objection[] {
  const sentence = validityGap(analysis, minValidOf(options))
  return sentence === undefined
    ? []
    : [{ rule: 'too-few-valid-trials', sentence, remedy: VALIDITY_REMEDY, spoils: true }]
}

/** A run that cannot be read is no failure of the infrastructure here: there is no verdict without it. */
export async function analysisOf(dir: string): Promise<Analysis> {
  try {
    return analyse(await readRun(dir))
  } catch (error) {
    const failure = Failure.from(error)
    if (failure.code !== 'damaged-run') throw failure
    throw new Failure('no-valid-data', failure.message, {
      cause: failure.why,
      ...(failure.fix && { fix: failure.fix }),
    })
  }
}

/** An analysis, by the limits that the command line chooses. */
export async function judge(analysis: Analysis, options: GateOptions, cwd: string): Promise<GateResult> {
  const limits = await chooseLimits(analysis.record.run, options, cwd)
  const pinned = limits.pinned === undefined ? undefined : readPinned(resolve(cwd, limits.pinned))
  const today = new Date().toISOString().slice(0, 10)
  const past = await historyOf(options, cwd)
  const breached =
    pinned && options.previous !== undefined
      ? await breaches(options, { limits, pinned, today, history: past.entries, run: analysis.record.run.id }, cwd)
      : undefined
  return gate(analysis, {
    limits,
    today,
    strict: options.strict ?? false,
    objections: [...past.objections, ...tooFewValid(analysis, options)],
    history: past.entries,
    ...(pinned && { pinned }),
    ...(breached && { breached }),
  })
}

/** A history that cannot be read is not no history. */
async function historyOf(
  options: GateOptions,
  cwd: string,
): Promise<{ entries: readonly HistoryEntry[]; objections: Objection[] }> {
  try {
    return { entries: (await readHistory(shelfOf(options, cwd))).entries, objections: [] }
  } catch (error) {
    const { code, message, why, fix } = Failure.from(error)
    if (code === 'usage') throw error
    const sentence = why === undefined ? `${message}.` : `${message}: ${why}`
    const remedy = fix ?? 'Restore it from a copy.'
    return { entries: [], objections: [{ rule: 'history-unreadable', sentence, remedy, spoils: false }] }
  }
}

interface Before extends GateAbout {
  readonly pinned: Pinned
  /** That is judged now. */
  readonly run: string
}

/** What breached the same reference in the run before: of its gate's JSON, or of the run itself. */
async function breaches(
  { previous = '', results }: GateOptions,
  { run, ...about }: Before,
  cwd: string,
): Promise<ReadonlySet<string>> {
  const { cells, run: before } = previous.endsWith('.json')
    ? await readVerdict(resolve(cwd, previous))
    : gate(await analysisOf(await findRun(resolve(cwd, results), previous)), about)
  if (before.id === run) {
    throw new Failure('usage', `--previous names ${run} itself, which cannot confirm what it found`, {
      fix: 'Name the run before it, or its gate --json.',
    })
  }
  // A breach of what was the reference then says nothing of the one now.
  const reference = about.pinned.runs.join(', ')
  return new Set(
    cells
      .filter((cell) => cell.breach && cell.reference === reference)
      .map(({ arm, load, metric }) => placeText({ arm, load, metric: metric.name })),
  )
}

async function readVerdict(file: string): Promise<Pick<GateResult, 'cells' | 'run'>> {
  try {
    const { gate: verdict } = JSON.parse(await readFile(file, 'utf8')) as { gate: GateResult }
    if (verdict.schema === 1 && Array.isArray(verdict.cells)) return verdict
    throw new TypeError('not what `meshbench gate --json` printed')
  } catch (cause) {
    throw new Failure('no-reference', `the verdict of the run before, ${file}, cannot be read`, {
      cause,
      fix: 'Name a file that `meshbench gate --json` printed, or the run itself.',
    })
  }
}
