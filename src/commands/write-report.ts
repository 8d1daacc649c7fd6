import { createHash } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'esbuild'
import { execa } from 'execa'
import type { Trend } from '../analyse/trends.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { pageData } from '../report/data/page-data.ts'
import { viewOf } from '../report/data/view.ts'
import { summaryMarkdown } from '../report/outputs/summary.ts'
import { renderReport } from '../report/render.ts'
import type { PackedScript, PageScripts } from '../report/scripts.ts'
import type { CommandContext } from './command-context.ts'

/** What is made of a run, and where it was put. */
export interface WrittenReport {
  readonly report: string
  readonly summary: string
}

interface ReportWanted {
  /** The page; beside the run when absent. */
  readonly file?: string | undefined
  readonly history?: readonly Trend[]
}

/** Page and summary are derived from the other files of a run, so they may be replaced. */
export async function writeReport(analysis: Analysis, dir: string, wanted: ReportWanted = {}): Promise<WrittenReport> {
  const { file = join(dir, RUN_FOLDER.report), history = [] } = wanted
  return putReport(await renderBoth(analysis, history, file), file)
}

interface Rendered {
  readonly page: string
  readonly summary: string
}

export async function renderBoth(analysis: Analysis, history: readonly Trend[], file: string): Promise<Rendered> {
  const about = { generatedAt: new Date().toISOString(), history, scripts: await pageScripts() }
  const page = await renderReport(analysis, about)
  const summary = summaryMarkdown(viewOf(pageData(analysis)), analysis, { report: basename(file) })
  return { page, summary }
}

export async function putReport({ page, summary }: Rendered, file: string): Promise<WrittenReport> {
  const written = { report: file, summary: summaryBeside(file) }
  await replaceFile(written.summary, summary)
  await replaceFile(written.report, page)
  return written
}

/** Another page than `report.html` has a summary of its own name, and takes the place of no other file. */
function summaryBeside(file: string): string {
  const name = basename(file, extname(file))
  return join(dirname(file), name === 'report' ? RUN_FOLDER.summary : `${name}.summary.md`)
}

/** Puts a file in place whole, or leaves what was there. For what is made of results and may be made again. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, content)
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new Failure('report-not-written', `${file} could not be written`, {
      cause,
      fix: 'The results are safe; make room or name another place: meshbench report --output FILE',
    })
  }
}

let made: Promise<PageScripts> | undefined

/** Bundles what the page runs. Once in a process: every page of it has the same scripts. */
export function pageScripts(): Promise<PageScripts> {
  made ??= make()
  return made
}

async function make(): Promise<PageScripts> {
  const [boot, client, engine] = await Promise.all([bundle('boot'), bundle('main'), bundle('engine')])
  return { boot: { text: boot, sha256: sha256(boot) }, client: packed(client), engine: packed(engine) }
}

function packed(text: string): PackedScript {
  return { gzipped: gzipSync(text, { level: 9 }).toString('base64'), sha256: sha256(text) }
}

/** From TypeScript in a checkout, from JavaScript in the package. */
async function bundle(entry: 'boot' | 'main' | 'engine'): Promise<string> {
  const { build } = await import('esbuild')
  const file = new URL(`../report/client/${entry}${import.meta.url.slice(-3)}`, import.meta.url)
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}',
    plugins: [absent],
  })
  return outputFiles[0]?.text.trim() ?? ''
}

/** Parts of Vega that no chart here is made of: maps, forces, trees, clouds of words and fits. A fifth of the whole. */
const UNUSED =
  /^(?:vega-(?:geo|projection|force|hierarchy|label|regression|voronoi|wordcloud|crossfilter)|d3-geo|d3-dsv|topojson-client)$/

/** Schemas check what is read from disk. A page reads nothing of it, and what they are made of is larger than the rest. */
const SCHEMAS = /^zod$/
const NO_SCHEMAS = 'const any = new Proxy(() => any, { get: () => any }); export const z = any'

const absent: Plugin = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    for (const [filter, contents] of [
      [UNUSED, 'module.exports = {}'],
      [SCHEMAS, NO_SCHEMAS],
    ] as const) {
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'absent' }))
      onLoad({ filter, namespace: 'absent' }, () => ({ contents, loader: 'js' }))
    }
  },
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

/** Opens a file in the reader's browser. Where there is none (a server, a CI) the path on the terminal has to do. */
export async function openInBrowser(file: string, { stderr, env }: CommandContext): Promise<void> {
  if (env['CI'] || (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'])) return
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  try {
    await execa(opener, [file], { stdio: 'ignore', timeout: 10_000 })
  } catch {
    stderr.write(`no browser could be opened (${opener}); open it by hand: ${file}\n`)
  }
}
