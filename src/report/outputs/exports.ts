import type { Analysis, Cell, Estimate, MetricInfo } from '../../model/analysis.ts'
import { RUN_FOLDER } from '../../model/run-folder.ts'
import type { Value } from '../chart.ts'
import { csvOf } from '../figure.ts'

/** A column of the file: its head, with the unit of the metric in a column of its own, and its value for a cell. */
type Column = readonly [head: string, value: (cell: Cell, metric: MetricInfo) => Value]

const interval = (head: string, estimateOf: (cell: Cell) => Estimate | undefined): Column[] => [
  [head, (cell) => estimateOf(cell)?.center],
  [`${head}_lo`, (cell) => estimateOf(cell)?.lo],
  [`${head}_hi`, (cell) => estimateOf(cell)?.hi],
]

const COLUMNS: readonly Column[] = [
  ['arm', ({ arm }) => arm],
  ['load', ({ load }) => load],
  ['metric', ({ metric }) => metric],
  ['title', (_, { title }) => title],
  ['unit', (_, { unit }) => unit],
  ['clock', (_, { clock }) => clock],
  ['better', (_, { better }) => better],
  ['trials', ({ values }) => values.length],
  ['mean', ({ mean }) => mean],
  ...interval('level', ({ estimate }) => estimate),
  ...interval('ratio', ({ ratio }) => ratio),
  ...interval('difference', ({ difference }) => difference),
  ['pairs', ({ ratio, difference }) => (ratio ?? difference)?.n],
  ['replicate', ({ basis }) => basis?.unit],
  ['p', ({ p }) => p],
  ['q', ({ q }) => q],
  ['standing', ({ standing }) => standing],
  ['notes', ({ notes }) => notes.join(' ')],
]

/** The beginning of the file. */
const FIGURES_HEAD = COLUMNS.slice(0, 4)
  .map(([head]) => head)
  .join(',')

/** What `--export` writes beside the page. */
export const EXPORTS = {
  csv: { file: RUN_FOLDER.figures, mark: FIGURES_HEAD, write: figuresCsv },
  json: { file: RUN_FOLDER.analysis, mark: 'meshbench', write: analysisJson },
} as const

function analysisJson(analysis: Analysis): string {
  return `${JSON.stringify({ schema: 1, writtenBy: 'meshbench', analysis })}\n`
}

/**
 * Every figure of a run as CSV (RFC 4180), one row for each arm, load and metric, in base units: seconds, bytes, cores, requests
 * per second. Intervals (`_lo`, `_hi`) are of the level of the report. `ratio` and `difference` are to the baseline and empty for it; `pairs` counts
 * the blocks that have a valid trial of both.
 */
function figuresCsv({ cells, metrics }: Pick<Analysis, 'cells' | 'metrics'>): string {
  const infoOf = new Map(metrics.map((metric) => [metric.name, metric]))
  const rows = cells.flatMap((cell) => {
    const metric = infoOf.get(cell.metric)
    return metric ? [COLUMNS.map(([, value]) => value(cell, metric))] : []
  })
  return `${csvOf(
    COLUMNS.map(([head]) => head),
    rows,
  )}\r\n`
}

/** `md` is the summary, which is written in any case. */
export const EXPORT_FORMATS = [...(Object.keys(EXPORTS) as (keyof typeof EXPORTS)[]), 'md'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]
