import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type GateAbout, gate } from '../gate/gate-run.ts'
import { parseLimits, placeText } from '../gate/read-limits.ts'
import { accept } from '../gate/reference.ts'
import { MOST_BYTES, readRegularFile } from '../host/regular-file.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import type { Limits } from '../model/limits.ts'
import type { Pinned } from '../model/pinned.ts'
import type { Run } from '../model/result.ts'
import { parseShare } from '../model/units.ts'
import type { GateResult, Objection } from '../model/verdict.ts'
import { count, list, VALIDITY_REMEDY, validityGap } from '../model/words.ts'
import { annotations, junit } from '../report/outputs/ci-reports.ts'
import { jobSummary, pullRequestMarkdown } from '../report/outputs/gate-markdown.ts'
import { defaultLimits } from '../scenario/gate-schema.ts'
import { findRun } from '../store/find-run.ts'
import { readPinned, writePinned } from '../store/reference-file.ts'
import { refuseRunFile } from '../store/write-once.ts'
import { gateTable } from '../ui/gate-table.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { analyseRun, refuseUnsteady } from './analyse-run.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { type HistoryOptions, type Past, pastRuns } from './history.ts'

export interface GateOptions extends LimitsOptions, OutputOptions, HistoryOptions {
  readonly strict?: boolean
  readonly previous?: string
  readonly minValid?: string
}

/** `meshbench gate`: reads files only; the exit code is the verdict. */
export async function gateCommand(
  [given]: readonly string[],
  options: GateOptions,
  context: CommandContext,
): Promise<number> {
  const { cwd, stdout, env } = context
  const analysis = await analysisOf(await findRun(resolve(cwd, options.results), given))
  const result = await judge(analysis, options, cwd)
  if (options.json) stdout.writeJson({ schema: 1, command: 'gate', gate: result })
  else stdout.write(`${gateTable(result, styleFor(stdout, env))}\n`)
  await writeOutputs(result, options, context)
  return result.exit
}

/** Share of planned trials that must be valid, from `--min-valid 75%`; 0 without the option. */
export function minValidOf({ minValid }: Pick<GateOptions, 'minValid'>): number {
  if (minValid === undefined) return 0
  const share = parseShare(minValid)
  if (share !== undefined && share > 0 && share <= 1) return share
  throw new Failure('usage', `--min-valid ${minValid} is not a share of the trials`, {
    remedy: 'Write a percentage above 0 % and up to 100 %: --min-valid 75%',
  })
}

/** Reads and analyses a run. A damaged run is invalid data here, not an infrastructure failure. */
export async function analysisOf(dir: string): Promise<Analysis> {
  try {
    return await analyseRun(dir)
  } catch (error) {
    const failure = Failure.from(error)
    if (failure.code !== 'damaged-run') throw failure
    throw new Failure('no-valid-data', failure.message, {
      cause: failure.why,
      ...(failure.remedy && { remedy: failure.remedy }),
    })
  }
}

/** An analysis, by the limits that the command line chooses. `given`: the history, where it was read already. */
export async function judge(analysis: Analysis, options: GateOptions, cwd: string, given?: Past): Promise<GateResult> {
  refuseUnsteady(analysis, 'the gate')
  const limits = await chooseLimits(analysis.record.run, options, cwd)
  const pinned = limits.pinned === undefined ? undefined : readPinned(resolve(cwd, limits.pinned))
  const gap = validityGap(analysis, minValidOf(options))
  const today = new Date().toISOString().slice(0, 10)
  const { entries: history, trouble } = given ?? (await pastRuns(options, cwd))
  const breached =
    pinned && options.previous !== undefined
      ? await breaches(options, { limits, pinned, today, history, run: analysis.record.run.id }, cwd)
      : undefined
  return gate(analysis, {
    limits,
    today,
    strict: options.strict ?? false,
    objections: [...(trouble ? [historyUnreadable(trouble)] : []), ...(gap === undefined ? [] : [tooFewValid(gap)])],
    history,
    ...(pinned && { pinned }),
    ...(breached && { breached }),
  })
}

/** The verdict for a page, or why there is none; undefined where the scenario has no limits. */
export async function judgeForPage(
  analysis: Analysis,
  options: GateOptions,
  cwd: string,
  past: Past,
): Promise<GateResult | Failure | undefined> {
  if (options.limits === undefined && analysis.record.run.plan.scenario.gate === undefined) return undefined
  try {
    return await judge(analysis, options, cwd, past)
  } catch (error) {
    return Failure.from(error)
  }
}

/** An unreadable history is an objection, not an empty history. */
function historyUnreadable({ message, why, remedy = 'Restore it from a copy.' }: Failure): Objection {
  const whole = why === undefined ? `${message}.` : `${message}: ${why}`
  return { rule: 'history-unreadable', message: whole, remedy, spoils: false }
}

function tooFewValid(message: string): Objection {
  return { rule: 'too-few-valid-trials', message, remedy: VALIDITY_REMEDY, spoils: true }
}

interface Before extends GateAbout {
  readonly pinned: Pinned
  /** That is judged now. */
  readonly run: string
}

/** Cells that breached the same reference in the previous run, from its gate's JSON or from the run. */
async function breaches(
  { previous = '', results }: GateOptions,
  { run, ...about }: Before,
  cwd: string,
): Promise<ReadonlySet<string>> {
  const { cells, run: before } = previous.endsWith('.json')
    ? await readVerdict(resolve(cwd, previous))
    : gate(await analysisOf(await findRun(resolve(cwd, results), previous)), about)
  if (before.id === run) {
    throw new Failure('usage', `--previous names ${run} itself; a run cannot confirm its own result`, {
      remedy: 'Name the run before it, or its gate --json.',
    })
  }
  // A breach of an earlier reference does not count against the present one.
  const reference = about.pinned.runs.join(', ')
  return new Set(
    cells
      .filter((cell) => cell.breach && cell.reference === reference)
      .map(({ arm, load, metric }) => placeText({ arm, load, metric: metric.name })),
  )
}

async function readVerdict(file: string): Promise<Pick<GateResult, 'cells' | 'run'>> {
  try {
    const { gate: verdict } = JSON.parse(readRegularFile(file)) as { gate: GateResult }
    if (verdict.schema === 1 && Array.isArray(verdict.cells)) return verdict
    throw new TypeError('it is not the output of `meshbench gate --json`')
  } catch (cause) {
    throw new Failure('no-reference', `the verdict of the run before, ${file}, cannot be read`, {
      cause,
      remedy: 'Name a file that `meshbench gate --json` printed, or the run itself.',
    })
  }
}

interface AcceptOptions extends CommonOptions {
  readonly reason?: string
  readonly output?: string
}

/** `meshbench gate accept`: makes runs the pinned reference of later ones, and stores the reason. */
export async function gateAcceptCommand(
  given: readonly string[],
  options: AcceptOptions,
  { cwd, stdout, stderr }: CommandContext,
): Promise<number> {
  const reason = options.reason?.trim()
  if (!reason) {
    throw new Failure('usage', 'gate accept needs a reason', {
      remedy: 'Give it: --reason "istio 1.28.1 is out".',
    })
  }
  const results = resolve(cwd, options.results)
  const dirs = await Promise.all((given.length > 0 ? given : [undefined]).map((run) => findRun(results, run)))
  const analyses = await Promise.all([...new Set(dirs)].map(analysisOf))
  for (const analysis of analyses) refuseUnsteady(analysis, 'the gate')
  const limits = analyses[0]?.record.run.plan.scenario.gate
  const file = resolve(cwd, options.output ?? limits?.pinned ?? 'reference.json')
  const pinned = accept(analyses, { reason, at: new Date().toISOString() })
  await writePinned(file, pinned)
  const { runs } = pinned
  const cells = Object.keys(pinned.cells).length
  if (runs.length < 2) stderr.write(ONE_RUN)
  if (options.json) stdout.writeJson({ schema: 1, command: 'gate accept', runs, file, cells, reason })
  else
    stdout.write(
      `${file}: ${list(runs)} ${runs.length > 1 ? 'are' : 'is'} now the reference, with ${count(cells, 'cell')}\n`,
    )
  return 0
}

const ONE_RUN = `One run does not show the normal difference between runs, and the gate judges nothing without it: accept
several runs of the same versions (meshbench gate accept RUN RUN … --reason "…"), keep a history, or set runSpread in gate.defaults.
`

export interface LimitsOptions {
  readonly limits?: string
  readonly reference?: string
}

/** The limits: from the named file, otherwise from the scenario, otherwise the defaults. */
export async function chooseLimits(run: Run, options: LimitsOptions, cwd: string): Promise<Limits> {
  const written = options.limits === undefined ? run.plan.scenario.gate : await readLimits(options.limits, cwd)
  const limits = written ?? defaultLimits()
  return options.reference === undefined ? limits : withReference(limits, options.reference)
}

async function readLimits(given: string, cwd: string): Promise<Limits> {
  let text: string
  try {
    text = readRegularFile(resolve(cwd, given), MOST_BYTES.settings)
  } catch (cause) {
    throw new Failure('limits', `the limits file ${given} cannot be read`, {
      cause,
      remedy: 'Correct --limits, or omit it to use the limits of the scenario.',
    })
  }
  return parseLimits(text, given)
}

/** `*-ref` is a rule, `istio=istio-ref,linkerd=linkerd-ref` names arms, anything else is a file of `gate accept`. */
function withReference({ pinned: _, ...limits }: Limits, text: string): Limits {
  if (text.includes('*')) return { ...limits, reference: text }
  if (!text.includes('=')) return { ...limits, pinned: text }
  const pairs = text.split(',').map((pair) => pair.split('=').map((name) => name.trim()))
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(''))) {
    throw new Failure('usage', `--reference ${text} does not name pairs of arms`, {
      remedy: 'Write candidate=reference, separated by commas; a rule such as *-ref; or a file.',
    })
  }
  return { ...limits, reference: Object.fromEntries(pairs) }
}

/** Where the gate's answer goes besides the terminal. */
export interface OutputOptions {
  readonly junit?: string
  readonly markdown?: string
  readonly summary?: string
  readonly annotations?: boolean
}

/** Writes every requested output. A summary is appended, as GitHub's file requires. */
export async function writeOutputs(
  result: GateResult,
  options: OutputOptions,
  { cwd, stderr }: Pick<CommandContext, 'cwd' | 'stderr'>,
): Promise<void> {
  if (options.junit !== undefined) await put(resolve(cwd, options.junit), junit(result), writeFile)
  if (options.markdown !== undefined) await put(resolve(cwd, options.markdown), pullRequestMarkdown(result), writeFile)
  if (options.summary !== undefined) await put(resolve(cwd, options.summary), jobSummary(result), appendFile)
  if (options.annotations) for (const line of annotations(result)) stderr.writeWorkflowCommand(line)
}

async function put(file: string, text: string, write: (file: string, text: string) => Promise<void>): Promise<void> {
  refuseRunFile(file)
  try {
    await mkdir(dirname(file), { recursive: true })
    await write(file, text)
  } catch (error) {
    throw new Failure('output-not-written', `${file} could not be written`, {
      cause: error,
      remedy: 'Name another file; the results are kept, and the gate can run again.',
    })
  }
}
