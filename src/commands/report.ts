import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import type { Chart } from '../report/chart.ts'
import { allCharts } from '../report/charts/index.ts'
import { pageData } from '../report/data/page-data.ts'
import { type View, viewOf } from '../report/data/view.ts'
import { type PictureAbout, standaloneSvg, type Theme } from '../report/outputs/standalone-svg.ts'
import { isTracked } from '../store/collect-provenance.ts'
import { findRun } from '../store/find-run.ts'
import { refuseRunFile } from '../store/write-once.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { analyseRun, wholeAnalysis } from './analyse-run.ts'
import type { CommandContext } from './command-context.ts'
import { judgeForPage } from './gate.ts'
import { earlierRunsOf, type HistoryStoreOptions, pastRuns } from './history.ts'
import { exportsOf, openInBrowser, replaceFile, writeExports, writeReport } from './write-report.ts'
import { writeSite } from './write-site.ts'

interface ReportOptions extends HistoryStoreOptions {
  readonly output?: string
  readonly charts?: string | true
  readonly chart?: readonly string[]
  readonly dark?: boolean
  readonly site?: string
  readonly open?: boolean
  readonly export?: string
}

/** `meshbench report`: writes the report from files only. */
export async function reportCommand(
  [given]: readonly string[],
  options: ReportOptions,
  context: CommandContext,
): Promise<number> {
  refuseContradictions(given, options)
  return options.site === undefined ? reportRun(given, options, context) : reportSite(options.site, options, context)
}

async function reportRun(given: string | undefined, options: ReportOptions, context: CommandContext) {
  const { cwd, stdout, stderr } = context
  const formats = exportsOf(options)
  const dir = await findRun(resolve(cwd, options.results), given, cwd)
  if (given === undefined && options.output === undefined && (await isTracked(dir))) throw mustBeNamed(dir)
  const analysis = await analyseRun(dir)
  const past = await pastRuns(options, cwd)
  const data = pageData(analysis, earlierRunsOf(analysis, past, context))
  const view = viewOf(data)
  const wanted = chartsWanted(view, options, dir, cwd)
  const file = options.output === undefined ? undefined : resolve(cwd, options.output)
  const gate = await judgeForPage(analysis, options, cwd, past)
  const written = await writeReport(analysis, dir, { file, data, gate })
  const { caveat } = analysis.record.run.provenance
  const about = { run: view.data.run, ...(caveat !== undefined && { caveat }) }
  const charts = wanted && (await writeCharts(wanted, about, context))
  const exported = await writeExports(formats, analysis, written)
  if (options.json) {
    stdout.writeJson(
      {
        schema: 1,
        command: 'report',
        ...written,
        ...(charts && { charts }),
        exported,
        analysis: wholeAnalysis(analysis),
      },
      0,
    )
  } else {
    stdout.write(`${written.report}\n`)
    stderr.write(`summary: ${written.summary}\n`)
    for (const chart of charts ?? []) stderr.write(`chart: ${chart}\n`)
    for (const file of exported) stderr.write(`export: ${file}\n`)
  }
  if (options.open) await openInBrowser(written.report, context)
  return EXIT.ok
}

async function reportSite(folder: string, options: ReportOptions, context: CommandContext) {
  const { cwd, stdout } = context
  const site = await writeSite(resolve(cwd, folder), options, context)
  if (options.json) stdout.writeJson({ schema: 1, command: 'report', site })
  else stdout.write(`${site.index}\n`)
  if (options.open) await openInBrowser(site.index, context)
  return EXIT.ok
}

/** Undefined where none are asked for. */
function chartsWanted(view: View, options: ReportOptions, dir: string, cwd: string): ChartsWanted | undefined {
  const { charts, chart, dark, results } = options
  if (charts === undefined && chart === undefined) return undefined
  if (typeof charts === 'string' && existsSync(resolve(cwd, results, charts, RUN_FOLDER.run))) {
    throw new Failure('usage', `--charts ${charts} names a run, but needs a folder`, {
      remedy: `Put the run first: meshbench report ${charts} --charts`,
    })
  }
  const target = typeof charts === 'string' ? resolve(cwd, charts) : join(dir, 'charts')
  refuseRunFile(join(target, 'chart.svg'))
  return {
    charts: chooseCharts(allCharts(view), chart),
    dir: target,
    theme: dark ? 'dark' : 'light',
  }
}

function refuseContradictions(given: string | undefined, { site, output, charts, chart, dark }: ReportOptions): void {
  if (site !== undefined) {
    const other = {
      'the name of a run': given,
      '--output': output,
      '--charts': charts,
      '--chart': chart,
      '--dark': dark,
    }
    const [unfit] = Object.entries(other).find(([, value]) => value !== undefined) ?? []
    if (unfit !== undefined) {
      throw new Failure('usage', `--site and ${unfit} exclude each other`, {
        remedy: 'A site has the pages of all runs in --results; omit --site to write one run.',
      })
    }
  } else if (dark && charts === undefined && chart === undefined) {
    throw new Failure('usage', '--dark needs --charts', {
      remedy: 'Add --charts; the page itself follows the setting of the browser.',
    })
  }
}

export interface ChartsWanted {
  readonly charts: readonly Chart[]
  readonly dir: string
  readonly theme: Theme
}

/** Writes charts as SVG and PNG, each pair under the id that the chart has on the page. Returns the files. */
export async function writeCharts(
  { charts, dir, theme }: ChartsWanted,
  about: PictureAbout,
  { stderr }: Pick<CommandContext, 'stderr'>,
): Promise<string[]> {
  const files: string[] = []
  for (const chart of charts) {
    const svg = await standaloneSvg(chart, about, theme)
    if (svg === undefined) {
      stderr.write(`skipped ${chart.id}: ${reasonOf(chart)}\n`)
      continue
    }
    const name = join(dir, theme === 'dark' ? `${chart.id}-dark` : chart.id)
    await replaceFile(`${name}.svg`, svg)
    await replaceFile(`${name}.png`, await pngOf(svg))
    files.push(`${name}.svg`, `${name}.png`)
  }
  return files
}

/** The charts with these ids, which must exist; all charts if none is named. */
export function chooseCharts(charts: readonly Chart[], ids: readonly string[] | undefined): readonly Chart[] {
  if (ids === undefined) return charts
  return ids.map((id) => {
    const chart = charts.find((one) => one.id === id)
    if (!chart) {
      throw new Failure('usage', `the report has no chart ${id}`, {
        remedy: suggest(
          id,
          charts.map((one) => one.id),
        ),
      })
    }
    if ('reason' in chart.drawing) {
      throw new Failure('no-valid-data', `the chart ${id} cannot be drawn`, { cause: chart.drawing.reason })
    }
    return chart
  })
}

function reasonOf({ drawing }: Chart): string {
  return 'reason' in drawing ? drawing.reason : ''
}

/** Pixels per unit, so that PNG files are sharp on high-density screens. */
export const PNG_SCALE = 2

/** A narrow font like those of browsers, so that labels fit their space. */
const FACES = ['DejaVuSansCondensed.ttf', 'DejaVuSansCondensed-Bold.ttf']
const FAMILY = 'DejaVu Sans Condensed'

/** Renders SVG as PNG. The font is included, so that machines without fonts render the same. */
export async function pngOf(svg: string): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js').catch((cause: unknown) => {
    throw new Failure('png', 'PNG files cannot be rendered on this machine', {
      cause,
      remedy: 'Use the SVG files, or install meshbench again on this machine: the renderer is built for one platform.',
    })
  })
  const fontFiles = FACES.map(fontFile)
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: PNG_SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY },
  })
  return picture.render().asPng()
}

/** The package has the two faces in a folder of its own; a checkout has the whole family as a dependency. */
function fontFile(name: string): string {
  const built = new URL(`../fonts/${name}`, import.meta.url)
  return fileURLToPath(existsSync(built) ? built : import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`))
}

/** An example that git tracks is not rewritten unasked. */
function mustBeNamed(dir: string): Failure {
  return new Failure('unknown-run', 'there is no run yet', {
    cause: `git tracks ${basename(dir)}, and its page is rewritten only when it is named`,
    remedy: `Make a run with \`meshbench run\`, or name this one: meshbench report ${basename(dir)}`,
  })
}
