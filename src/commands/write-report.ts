import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { execa } from 'execa'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import type { GateResult } from '../model/verdict.ts'
import { type PageData, pageData } from '../report/data/page-data.ts'
import { viewOf } from '../report/data/view.ts'
import { EXPORT_FORMATS, EXPORTS, type ExportFormat } from '../report/outputs/exports.ts'
import { summaryMarkdown } from '../report/outputs/summary.ts'
import { renderReport } from '../report/render.ts'
import { PAGE_MARK, refuseForeignFile, refuseRunFile, SUMMARY_MARK } from '../store/write-once.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { wholeAnalysis } from './analyse-run.ts'
import type { CommandContext } from './command-context.ts'
import { commaList } from './names.ts'
import { pageScripts } from './page-scripts.ts'

/** The files written for a run. */
export interface WrittenReport {
  readonly report: string
  readonly summary: string
}

/** Formats of `--export csv,json`, in the order in which they are named. */
export function exportsOf({ export: text }: { readonly export?: string }): readonly ExportFormat[] {
  const wanted = [...new Set(text === undefined ? [] : commaList(text))]
  const wrong = wanted.find((one) => !EXPORT_FORMATS.some((known) => known === one))
  if (wrong === undefined) return wanted as ExportFormat[]
  throw new Failure('usage', `--export cannot write ${wrong === '' ? 'nothing' : wrong}`, {
    remedy: suggest(wrong, EXPORT_FORMATS),
  })
}

/** Writes the files of `--export` beside the page, and returns them. */
export async function writeExports(
  formats: readonly ExportFormat[],
  analysis: Analysis,
  { report, summary }: WrittenReport,
): Promise<string[]> {
  const files: string[] = []
  for (const format of formats) {
    if (format === 'md') {
      files.push(summary)
      continue
    }
    const { file: name, mark, write } = EXPORTS[format]
    const file = join(dirname(report), name)
    refuseForeignFile(file, mark)
    await replaceFile(file, write(format === 'json' ? (wholeAnalysis(analysis) as Analysis) : analysis))
    files.push(file)
  }
  return files
}

interface ReportWanted {
  /** The page; beside the run when absent. */
  readonly file?: string | undefined
  /** Made of the analysis when absent. */
  readonly data?: PageData
  readonly gate?: GateResult | Failure | undefined
}

/** Page and summary are derived from the other files of a run, so they may be replaced. */
export async function writeReport(analysis: Analysis, dir: string, wanted: ReportWanted = {}): Promise<WrittenReport> {
  const { file = join(dir, RUN_FOLDER.report), data = pageData(analysis, []), gate } = wanted
  return putReport(await renderBoth(analysis, data, file, gate), file)
}

interface Rendered {
  readonly page: readonly Uint8Array[]
  readonly summary: string
}

/** `data` are made once, since making them reads all trials. */
export async function renderBoth(
  analysis: Analysis,
  data: PageData,
  file: string,
  gate: GateResult | Failure | undefined,
): Promise<Rendered> {
  const about = { generatedAt: new Date().toISOString(), scripts: await pageScripts(), gate }
  const page = await renderReport(analysis, about, data)
  const summary = summaryMarkdown(viewOf(data), analysis, { report: basename(file) })
  return { page, summary }
}

export async function putReport({ page, summary }: Rendered, file: string): Promise<WrittenReport> {
  const written = { report: file, summary: summaryBeside(file) }
  refuseForeignFile(written.report, PAGE_MARK)
  refuseForeignFile(written.summary, SUMMARY_MARK)
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
export async function replaceFile(file: string, content: string | Uint8Array | readonly Uint8Array[]): Promise<void> {
  refuseRunFile(file)
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, content)
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new Failure('report-not-written', `${file} could not be written`, {
      cause,
      remedy: 'The results are kept; free disk space or write elsewhere: meshbench report --output FILE',
    })
  }
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
