import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { analyse } from '../analyse/analyse.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { allCharts } from '../report/charts/index.ts'
import { pageData } from '../report/page-data.ts'
import { type View, viewOf } from '../report/view.ts'
import { findRun } from '../store/find-run.ts'
import { readRun } from '../store/read-run.ts'
import type { ShelfOptions } from './history.ts'
import { openInBrowser } from './open-in-browser.ts'
import { pastOf } from './past-of.ts'
import type { Surroundings } from './surroundings.ts'
import { type ChartsWanted, chooseCharts, writeCharts } from './write-charts.ts'
import { writeReport } from './write-report.ts'
import { writeSite } from './write-site.ts'

interface ReportOptions extends ShelfOptions {
  readonly output?: string
  readonly charts?: string | true
  readonly chart?: readonly string[]
  readonly dark?: boolean
  readonly site?: string
  readonly open?: boolean
}

/** `meshbench report`: from files alone. */
export async function reportCommand(
  [given]: readonly string[],
  options: ReportOptions,
  surroundings: Surroundings,
): Promise<number> {
  refuseContradictions(given, options)
  return options.site === undefined
    ? reportRun(given, options, surroundings)
    : reportSite(options.site, options, surroundings)
}

async function reportRun(given: string | undefined, options: ReportOptions, surroundings: Surroundings) {
  const { cwd, stdout, stderr } = surroundings
  const dir = await findRun(resolve(cwd, options.results), given, cwd)
  const analysis = analyse(await readRun(dir))
  const history = await pastOf(analysis, options, surroundings)
  const view = viewOf(pageData(analysis, history))
  const wanted = chartsWanted(view, options, dir, cwd)
  const file = options.output === undefined ? undefined : resolve(cwd, options.output)
  const written = await writeReport(analysis, dir, { file, history })
  const { caveat } = analysis.record.run.provenance
  const about = { run: view.data.run, ...(caveat !== undefined && { caveat }) }
  const charts = wanted && (await writeCharts(wanted, about, surroundings))
  if (options.json) {
    stdout.write(
      `${JSON.stringify({ schema: 1, command: 'report', ...written, ...(charts && { charts }), analysis })}\n`,
    )
  } else {
    stdout.write(`${written.report}\n`)
    stderr.write(`summary: ${written.summary}\n`)
    for (const chart of charts ?? []) stderr.write(`chart: ${chart}\n`)
  }
  if (options.open) await openInBrowser(written.report, surroundings)
  return EXIT.ok
}

async function reportSite(folder: string, options: ReportOptions, surroundings: Surroundings) {
  const { cwd, stdout } = surroundings
  const site = await writeSite(resolve(cwd, folder), options, surroundings)
  stdout.write(
    options.json ? `${JSON.stringify({ schema: 1, command: 'report', site }, null, 2)}\n` : `${site.index}\n`,
  )
  if (options.open) await openInBrowser(site.index, surroundings)
  return EXIT.ok
}

/** Undefined where none are asked for. */
function chartsWanted(view: View, options: ReportOptions, dir: string, cwd: string): ChartsWanted | undefined {
  const { charts, chart, dark, results } = options
  if (charts === undefined && chart === undefined) return undefined
  if (typeof charts === 'string' && existsSync(resolve(cwd, results, charts, 'run.json'))) {
    throw new Failure('usage', `--charts ${charts} names a run, where a folder is expected`, {
      fix: `Put the run first: meshbench report ${charts} --charts`,
    })
  }
  return {
    charts: chooseCharts(allCharts(view), chart),
    dir: typeof charts === 'string' ? resolve(cwd, charts) : join(dir, 'charts'),
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
        fix: 'A site holds the pages of all runs that --results names; write one run without --site.',
      })
    }
  } else if (dark && charts === undefined && chart === undefined) {
    throw new Failure('usage', '--dark says how charts are drawn, and none are asked for', {
      fix: 'Add --charts; the page itself follows what its reader has set.',
    })
  }
}
