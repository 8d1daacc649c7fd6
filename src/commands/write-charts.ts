import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Chart } from '../report/chart.ts'
import { type PictureAbout, standaloneSvg, type Theme } from '../report/outputs/standalone-svg.ts'
import { suggest } from '../scenario/suggest.ts'
import { pngOf } from './png.ts'
import { replaceFile } from './replace-file.ts'
import type { Surroundings } from './surroundings.ts'

export interface ChartsWanted {
  readonly charts: readonly Chart[]
  readonly dir: string
  readonly theme: Theme
}

/** Writes charts as SVG and PNG, each pair under the id that the chart has on the page. Returns the files. */
export async function writeCharts(
  { charts, dir, theme }: ChartsWanted,
  about: PictureAbout,
  { stderr }: Pick<Surroundings, 'stderr'>,
): Promise<string[]> {
  const files: string[] = []
  for (const chart of charts) {
    const svg = await standaloneSvg(chart, about, theme)
    if (svg === undefined) {
      stderr.write(`${chart.id} is not drawn. ${reasonOf(chart)}\n`)
      continue
    }
    const name = join(dir, theme === 'dark' ? `${chart.id}-dark` : chart.id)
    await replaceFile(`${name}.svg`, svg)
    await replaceFile(`${name}.png`, await pngOf(svg))
    files.push(`${name}.svg`, `${name}.png`)
  }
  return files
}

/** Those with these ids, each of which there has to be; all where none is named. */
export function chooseCharts(charts: readonly Chart[], ids: readonly string[] | undefined): readonly Chart[] {
  if (ids === undefined) return charts
  return ids.map((id) => {
    const chart = charts.find((one) => one.id === id)
    if (!chart) {
      throw new Failure('usage', `the report has no chart ${id}`, {
        fix: suggest(
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
