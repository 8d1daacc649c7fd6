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

/** The files written for a run. */
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

/** The path of the summary. A page with another name than `report.html` has a summary of its own, so that no file is replaced. */
function summaryBeside(file: string): string {
  const name = basename(file, extname(file))
  return join(dirname(file), name === 'report' ? RUN_FOLDER.summary : `${name}.summary.md`)
}

/** Replaces a file atomically. For files that can be made again from results. */
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
      fix: 'The results are kept; free disk space or write elsewhere: meshbench report --output FILE',
    })
  }
}

let made: Promise<PageScripts> | undefined

/** Bundles the page's scripts, once per process, since every page has the same. */
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

/** Parts of Vega that no chart uses: maps, forces, trees, word clouds and fits. They are a fifth of it. */
const UNUSED =
  /^(?:vega-(?:geo|projection|force|hierarchy|label|regression|voronoi|wordcloud|crossfilter)|d3-geo|d3-dsv|topojson-client)$/

/** Replaces schemas, which check files on disk and are not needed in a page: zod would be larger than the rest. */
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

/** Opens a file in the browser. Without one (a server, CI), the printed path must be enough. */
export async function openInBrowser(file: string, { stderr, env }: CommandContext): Promise<void> {
  if (env['CI'] || (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'])) return
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  try {
    await execa(opener, [file], { stdio: 'ignore', timeout: 10_000 })
  } catch {
    stderr.write(`cannot open a browser (${opener}); open this file: ${file}\n`)
  }
}
