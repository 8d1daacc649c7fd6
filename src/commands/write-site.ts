import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { trendsOfRun } from '../analyse/over-runs/trends.ts'
import { version } from '../host/version.ts'
import { Failure } from '../model/failure.ts'
import type { HistoryEntry } from '../model/history.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import type { GateResult } from '../model/verdict.ts'
import { pageData } from '../report/data/page-data.ts'
import { viewOf } from '../report/data/view.ts'
import { GENERATOR } from '../report/site/document.ts'
import { historyPage } from '../report/site/history-page.ts'
import { indexPage, pagesOf, type SiteRun } from '../report/site/index-page.ts'
import { type Published, publishedOf, publishedSchema } from '../report/site/published.ts'
import { runDigest, runFolders } from '../store/find-run.ts'
import { reasonOf } from '../store/versioned.ts'
import { analyseRun } from './analyse-run.ts'
import type { CommandContext } from './command-context.ts'
import { judgeForPage } from './gate.ts'
import { earlierEntries, type HistoryStoreOptions, type Past, pastRuns } from './history.ts'
import { putReport, renderBoth, replaceFile } from './write-report.ts'

const KEPT = 'site.json'

/** The changes to a site. */
interface WrittenSite {
  readonly folder: string
  readonly index: string
  readonly history: string
  /** Runs whose pages were written; all other pages were up to date. */
  readonly written: readonly string[]
  readonly kept: number
  readonly unreadable: readonly { readonly run: string; readonly reason: string }[]
}

/**
 * Updates a site from a folder of runs. Existing pages stay, even when their results are gone, and an unreadable run does
 * not affect others. The index is written last, so the old one is valid until then.
 */
export async function writeSite(
  dir: string,
  options: HistoryStoreOptions,
  context: CommandContext,
): Promise<WrittenSite> {
  const { cwd, stderr, signal } = context
  await refuseForeign(dir)
  const root = resolve(cwd, options.results)
  const runs = await publishedIn(dir)
  const folders = runFolders(root)
  if (folders.length === 0 && runs.size === 0) {
    const remedy = 'Make one with `meshbench run`, or name the folder of runs with --results.'
    throw new Failure('unknown-run', 'there is no run to publish', { cause: `${root} has no runs`, remedy })
  }
  const stored = await pastRuns(options, cwd)
  const known = earlierEntries(stored, context)
  const past = () =>
    known.length > 0 ? known : [...runs.values()].flatMap(({ published }) => published?.history ?? [])
  const written: string[] = []
  for (const folder of folders) {
    signal.throwIfAborted()
    const before = runs.get(folder)
    const now = await publish({ folder, source: join(root, folder), dir, before, past: past(), stored, options, cwd })
    runs.set(folder, now)
    if (now.trouble !== undefined) stderr.write(`${folder} could not be read: ${now.trouble}\n`)
    else if (now.published !== before?.published) written.push(folder)
  }
  return finish(dir, [...runs.values()], past(), written)
}

async function finish(dir: string, runs: readonly SiteRun[], past: readonly HistoryEntry[], written: string[]) {
  const [index, history] = PAGES.map((name) => join(dir, name)) as [string, string]
  await replaceWhereOther(history, await historyPage(past, pagesOf(runs)))
  await replaceWhereOther(index, indexPage(runs, together(past, runs)))
  const unreadable = runs.flatMap(({ folder: run, trouble: reason }) => (reason === undefined ? [] : [{ run, reason }]))
  return {
    folder: dir,
    index,
    history,
    written,
    kept: runs.filter(({ published }) => published).length - written.length,
    unreadable,
  }
}

/** The history, and what the site keeps of runs that nobody has added to it. */
function together(past: readonly HistoryEntry[], runs: readonly SiteRun[]): HistoryEntry[] {
  const kept = runs.flatMap(({ published }) => published?.history ?? [])
  const all = [...past, ...kept].map((entry) => [JSON.stringify([entry.run, entry.arm, entry.load]), entry] as const)
  return [...new Map(all).values()]
}

interface Publishing {
  readonly folder: string
  readonly source: string
  readonly dir: string
  readonly before: SiteRun | undefined
  /** What trends are made of: the history, or what the site keeps where there is none. */
  readonly past: readonly HistoryEntry[]
  /** The history, as the gate reads it. */
  readonly stored: Past
  readonly options: HistoryStoreOptions
  readonly cwd: string
}

/** Writes the pages of a run, unless they exist and come from the same files and the same program. */
async function publish({ folder, source, dir, before, past, stored, options, cwd }: Publishing): Promise<SiteRun> {
  const old = before?.published
  const page = join(dir, folder, RUN_FOLDER.report)
  try {
    if (folder.endsWith('.html')) throw new TypeError('a folder with this name would replace a page of the site')
    const about = { madeOf: runDigest(source), meshbench: version() }
    if (old?.madeOf === about.madeOf && old.meshbench === about.meshbench && existsSync(page)) {
      return { folder, published: old }
    }
    const analysis = await analyseRun(source)
    const history = trendsOfRun(analysis, past)
    const data = pageData(analysis, history)
    // As the gate judges on the day when the page is made.
    const gate = await judgeForPage(analysis, options, cwd, stored)
    const rendered = await renderBoth(analysis, data, page, gate)
    const published = publishedOf(viewOf(data), analysis, { ...about, ...(gate && { gate: verdictOf(gate) }) })
    await putReport(rendered, page)
    await replaceFile(join(dir, folder, KEPT), `${JSON.stringify(published)}\n`)
    return { folder, published }
  } catch (error) {
    const failure = Failure.from(error)
    // A failure to write the site is not the run's fault.
    if (failure.code === 'report-not-written') throw error
    return { folder, ...(old && { published: old }), trouble: withoutPath(failure, source) }
  }
}

/** Removes local paths from messages, since a site is public. */
function withoutPath({ message, why }: Failure, source: string): string {
  return [message, why].filter(Boolean).join(': ').replaceAll(`${source}/`, '').replaceAll(source, 'the folder')
}

function verdictOf(gate: GateResult | Failure): NonNullable<Published['gate']> {
  if (!(gate instanceof Failure)) return { verdict: gate.verdict, headline: gate.headline }
  return { verdict: 'none', headline: [gate.message, gate.why].filter(Boolean).join(': ') }
}

/** What the site has, by folder. */
async function publishedIn(dir: string): Promise<Map<string, SiteRun>> {
  const folders = existsSync(dir) ? (await readdir(dir)).filter((name) => existsSync(join(dir, name, KEPT))) : []
  const runs = await Promise.all(folders.sort().map((folder) => readKept(dir, folder)))
  return new Map(runs.map((run) => [run.folder, run]))
}

async function readKept(dir: string, folder: string): Promise<SiteRun> {
  try {
    const text = await readFile(join(dir, folder, KEPT), 'utf8')
    return { folder, published: publishedSchema.parse(JSON.parse(text)) }
  } catch (error) {
    return { folder, trouble: `what the site keeps of it, ${KEPT}, cannot be read: ${reasonOf(error)}` }
  }
}

async function replaceWhereOther(file: string, text: string): Promise<void> {
  const there = await readFile(file, 'utf8').catch(() => undefined)
  if (there !== text) await replaceFile(file, text)
}

/** Of the site itself, beside the folders of runs: the index and the history. */
const PAGES = ['index.html', 'history.html'] as const

/** Only pages of ours are ever replaced. */
async function refuseForeign(dir: string): Promise<void> {
  for (const page of PAGES.map((name) => join(dir, name))) {
    const there = await readFile(page, 'utf8').catch(() => undefined)
    if (there === undefined || there.includes(GENERATOR)) continue
    throw new Failure('usage', `${page} is not a page of meshbench`, {
      cause: 'it would be overwritten',
      remedy: 'Name an empty folder, or one that --site has made.',
    })
  }
}
