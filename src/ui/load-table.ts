import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import { baselineOf, type Load } from '../model/scenario.ts'
import { formatNumber } from '../model/units.ts'
import { type Entry, grid } from './grid.ts'
import { levelText } from './level-text.ts'
import type { Style } from './style.ts'

/** What the terminal shows of the metrics; the report shows all. */
export const COLUMNS: readonly { readonly metric: string; readonly title: string }[] = [
  { metric: 'p50', title: 'p50' },
  { metric: 'typical-p99', title: 'typical p99' },
  { metric: 'p99', title: 'p99' },
  { metric: 'throughput', title: 'throughput' },
  { metric: 'mesh-cpu', title: 'CPU-s/million' },
  { metric: 'mesh-memory', title: 'mesh memory' },
]

/** Marks that say without colour what a ratio is worth. */
export const MARKS: Partial<Readonly<Record<Cell['standing'], string>>> = {
  'no-difference': '≈',
  'within-noise': '≈',
  undecided: '?',
}

const NAME_WIDTH = 24

/** One load: an arm's figures, and below them its ratios to the baseline with their intervals. */
export function loadTable({ record, cells, metrics }: Analysis, load: Load, style: Style): string {
  const { scenario } = record.run.plan
  const baseline = baselineOf(scenario).name
  const cellOf = (arm: string, metric: string) =>
    cells.find((cell) => cell.load === load.name && cell.arm === arm && cell.metric === metric)
  const rows = scenario.arms.flatMap(({ name }) => {
    const row = COLUMNS.map(({ metric }) => cellOf(name, metric))
    const values: Entry[] = [
      { text: style.plain(short(name)), paint: style.bold },
      ...row.map((cell, column) => ({
        text: style.plain(valueText(cell, metricOf(metrics, COLUMNS[column]?.metric))),
      })),
    ]
    if (name === baseline || !row.some((cell) => cell?.ratio)) return [values]
    return [
      values,
      [{ text: '  ratio' }, ...row.map((cell) => ratioEntry(cell, style))],
      [{ text: '  95 %', paint: style.dim }, ...row.map((cell) => intervalEntry(cell, style))],
    ]
  })
  return grid([[{ text: '' }, ...COLUMNS.map(({ title }) => ({ text: title, paint: style.dim }))], ...rows])
}

function metricOf(metrics: readonly MetricInfo[], name: string | undefined): MetricInfo | undefined {
  return metrics.find((metric) => metric.name === name)
}

function valueText(cell: Cell | undefined, metric: MetricInfo | undefined): string {
  const center = cell?.estimate?.center
  if (center === undefined || metric === undefined) return '–'
  // Of what the baseline has none of there is no ratio below to carry the mark.
  return `${cell?.difference && !cell.ratio ? (MARKS[cell.standing] ?? '') : ''}${levelText(center, metric.unit)}`
}

function ratioEntry(cell: Cell | undefined, style: Style): Entry {
  if (!cell?.ratio) return { text: '' }
  const mark = MARKS[cell.standing] ?? ''
  return { text: style.plain(`${mark}×${ratio(cell.ratio.center)}`), ...paintOf(cell, style) }
}

function intervalEntry(cell: Cell | undefined, style: Style): Entry {
  return { text: style.plain(cell?.ratio ? intervalText(cell.ratio) : ''), paint: style.dim }
}

function intervalText({ lo, hi }: Estimate): string {
  if (lo === undefined || hi === undefined) return ''
  const decimals = ratio(lo) === ratio(hi) ? 3 : undefined
  return `${ratio(lo, decimals)}–${ratio(hi, decimals)}`
}

/** Only what stands out of the noise is set off. */
function paintOf({ standing }: Cell, style: Style): Pick<Entry, 'paint'> {
  if (standing === 'higher' || standing === 'lower') return { paint: style.bold }
  return { paint: style.dim }
}

/** Two decimals tell 1.00 from 1.01; large ratios need none. */
function ratio(value: number, decimals = 2): string {
  return value < 9.995 ? value.toFixed(decimals) : formatNumber(value)
}

function short(name: string): string {
  return name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`
}
