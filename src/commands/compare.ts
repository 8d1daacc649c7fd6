import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { metrics as known } from '../analyse/metrics.ts'
import { compareSides } from '../compare/compare-runs.ts'
import type { Contrast, Side } from '../compare/contrast.ts'
import type { Analysis } from '../model/analysis.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import type { Run } from '../model/result.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { commandText } from '../model/words.ts'
import { comparePage } from '../report/site/compare-page.ts'
import { findRun, listRuns } from '../store/find-run.ts'
import { readRunFile } from '../store/read-run.ts'
import { PAGE_MARK, refuseForeignFile } from '../store/write-once.ts'
import { contrastTable } from '../ui/contrast-table.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { analyseRun, refuseUnsteady } from './analyse-run.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { commaList, knownNames } from './names.ts'
import { openInBrowser, replaceFile } from './write-report.ts'

interface CompareOptions extends CommonOptions {
  readonly metrics?: string
  readonly html?: string
  readonly open?: boolean
}

/** `meshbench compare A B`: compares B with A from files only. Exit code 12 where nothing could be compared. */
export async function compareCommand(
  [a, b]: readonly string[],
  options: CompareOptions,
  context: CommandContext,
): Promise<number> {
  const { cwd, stdout, stderr, env } = context
  if (a === undefined || b === undefined) throw new TypeError('compare takes two operands')
  if (options.open && options.html === undefined) {
    throw new Failure('usage', '--open needs --html', { remedy: 'Name the page: --html compare.html --open' })
  }
  const metrics = chosen(options.metrics)
  const { sides, dirs } = await readSides([a, b], resolve(cwd, options.results), cwd)
  const compared = compareSides(sides, metrics)
  const infos = known.map(({ info }) => info)
  const page = options.html === undefined ? undefined : resolve(cwd, options.html)
  if (page !== undefined) {
    refuseForeignFile(page, PAGE_MARK)
    const pages = [pageOf(dirs[0], page), pageOf(dirs[1], page)] as const
    const words = [
      'meshbench',
      'compare',
      a,
      b,
      ...(options.metrics === undefined ? [] : ['--metrics', options.metrics]),
    ]
    const command = commandText([...words, '--html', options.html ?? ''])
    await replaceFile(page, await comparePage(compared, { sides, metrics: infos, command, pages }))
  }
  if (options.json) {
    stdout.writeJson({ schema: 1, command: 'compare', a, b, runs: runsOf(sides), ...compared, ...(page && { page }) })
  } else stdout.write(`${contrastTable(compared, infos, styleFor(stdout, env))}\n`)
  if (page !== undefined) {
    stderr.write(`page: ${page}\n`)
    if (options.open) await openInBrowser(page, context)
  }
  return compared.contrasts.some(hasData) ? EXIT.ok : EXIT.invalid
}

/** The page of a run as a link from another page; undefined where it has not been written. */
export function pageOf(dir: string, from: string): string | undefined {
  const page = join(dir, RUN_FOLDER.report)
  if (!existsSync(page)) return undefined
  return relative(dirname(from), page)
    .split(sep)
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}

function chosen(text: string | undefined): readonly string[] {
  if (text === undefined) return SHOWN.compare
  const names = known.map(({ info }) => info.name)
  return knownNames(commaList(text), names, 'metric')
}

function runsOf(sides: readonly (readonly [Side, Side])[]) {
  const [first] = sides
  return first?.map(({ analysis }) => analysis.record.run.id)
}

function hasData({ standing }: Contrast): boolean {
  return standing !== 'no-data'
}

/** One operand of `compare`: a run, and an arm of it where one is named. */
interface Operand {
  readonly dir: string
  readonly arm?: string
}

/** What the operands are: folders of runs, and their arms in pairs. */
interface SidesRead {
  readonly dirs: readonly [string, string]
  readonly sides: readonly (readonly [Side, Side])[]
}

/** Reads the operands and pairs their arms: the named arms, otherwise every arm that both runs have. */
async function readSides(given: readonly [string, string], root: string, cwd: string): Promise<SidesRead> {
  const [a, b] = [await operandOf(given[0], root, cwd), await operandOf(given[1], root, cwd)]
  const first = await analyseRun(a.dir)
  const second = a.dir === b.dir ? first : await analyseRun(b.dir)
  for (const analysis of [first, second]) refuseUnsteady(analysis, 'compare')
  if (first === second && a.arm === b.arm) throw sameTwice(given[0], first)
  const pairs = matched(a, b, first, second)
  return {
    dirs: [a.dir, b.dir],
    sides: pairs.map(([one, other]) => [sideOf(first, one), sideOf(second, other)] as const),
  }
}

/** An arm named on one side only applies to both sides. */
function matched(a: Operand, b: Operand, first: Analysis, second: Analysis): (readonly [string, string])[] {
  const [one, other] = [a.arm ?? b.arm, b.arm ?? a.arm]
  if (one !== undefined && other !== undefined) return [[one, other]]
  const others = new Set(namesOf(second.record.run))
  return namesOf(first.record.run).flatMap((name) => (others.has(name) ? [[name, name] as const] : []))
}

/** `run`, `run:arm`, `:arm` of the newest run; a bare name that is no run is an arm of the newest one. */
async function operandOf(text: string, root: string, cwd: string): Promise<Operand> {
  const colon = text.lastIndexOf(':')
  if (colon >= 0) {
    const run = text.slice(0, colon)
    return { dir: await findRun(root, run === '' ? undefined : run, cwd), arm: text.slice(colon + 1) }
  }
  try {
    return { dir: await findRun(root, text, cwd) }
  } catch (error) {
    const newest = await findRun(root).catch(() => undefined)
    if (newest === undefined) throw error
    const run = readRunFile(newest)
    if (namesOf(run).includes(text)) return { dir: newest, arm: text }
    const runs = await listRuns(root)
    // A path, or the beginning of several ids, was not meant as an arm.
    if (/[/\\]/.test(text) || runs.some((id) => id.startsWith(text))) throw error
    throw new Failure('unknown-run', `${text} is neither a run nor an arm of the newest run, ${run.id}`, {
      remedy: suggest(text, [...namesOf(run), ...runs]),
    })
  }
}

function sideOf(analysis: Analysis, arm: string): Side {
  const names = namesOf(analysis.record.run)
  if (names.includes(arm)) return { analysis, arm }
  throw new Failure('usage', `run ${analysis.record.run.id} has no arm ${arm}`, { remedy: suggest(arm, names) })
}

function namesOf({ plan }: Pick<Run, 'plan'>): string[] {
  return plan.scenario.arms.map(({ name }) => name)
}

function sameTwice(text: string, analysis: Analysis): Failure {
  const [one, other = one] = namesOf(analysis.record.run)
  return new Failure('usage', `cannot compare ${text} with itself`, {
    remedy: `Name two arms of it: meshbench compare :${one} :${other}`,
  })
}
