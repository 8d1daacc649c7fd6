import { basename, dirname, extname, join } from 'node:path'
import type { Trend } from '../analyse/history/trend.ts'
import type { Analysis } from '../model/analysis.ts'
import { summaryMarkdown } from '../report/outputs/summary.ts'
import { pageData } from '../report/page-data.ts'
import { renderReport } from '../report/render.ts'
import { viewOf } from '../report/view.ts'
import { pageScripts } from './page-scripts.ts'
import { replaceFile } from './replace-file.ts'

/** What is made of a run, and where it was put. */
export interface WrittenReport {
  readonly report: string
  readonly summary: string
}

export interface ReportWanted {
  /** The page; beside the run when absent. */
  readonly file?: string | undefined
  readonly history?: readonly Trend[]
}

/** Page and summary are derived from the other files of a run, so they may be replaced. */
export async function writeReport(analysis: Analysis, dir: string, wanted: ReportWanted = {}): Promise<WrittenReport> {
  const { file = join(dir, 'report.html'), history = [] } = wanted
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
  return join(dirname(file), name === 'report' ? 'summary.md' : `${name}.summary.md`)
}
