import { STANDING_WORDS } from '../../analyse/wording.ts'
import type { Analysis, Cell, MetricInfo } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { type TableCell, table } from '../table.ts'
import type { View } from '../view.ts'

/** The whole set of numbers of a load, both clocks, with p and q values: for who wants to check. */
export function figuresTable(view: View, { metrics, cells }: Analysis, load: Load): Html {
  const rows = metrics.flatMap((metric) =>
    view.arms.flatMap(({ name }) => {
      const cell = cells.find((one) => one.arm === name && one.load === load.name && one.metric === metric.name)
      return cell ? [row(metric, cell)] : []
    }),
  )
  if (rows.length === 0) return html``
  return html`<details><summary>Every figure of ${load.name}, on both clocks, with p and q</summary>${table({
    id: `figures-${view.loads.indexOf(load)}`,
    caption: `Every figure of ${load.name}`,
    head: [
      { content: 'Metric' },
      { content: 'Arm' },
      ...['Mean', '95 % interval', 'Ratio', '95 % interval', 'Difference', 'p', 'q', 'n'].map((content) => ({
        content,
        numeric: true,
      })),
      { content: 'Standing' },
      { content: 'Notes' },
    ],
    rows,
  })}</details>`
}

function row(metric: MetricInfo, cell: Cell): TableCell[] {
  const { arm, estimate, ratio, difference, p, q, standing, notes } = cell
  const level = (value: number) => formatLevel(metric.unit, value)
  const number = (content: string | undefined) => ({ content: content ?? '–' })
  return [
    { content: metric.title },
    { content: arm },
    number(estimate && level(estimate.center)),
    number(estimate && formatInterval(estimate, level)),
    number(ratio && formatRatio(ratio.center)),
    number(ratio && formatRatioInterval(ratio)),
    number(difference && formatDifference(metric.unit, difference.center)),
    number(chance(p)),
    number(chance(q)),
    number(String(estimate?.n ?? 0)),
    { content: STANDING_WORDS[standing] },
    { content: notes.filter((note) => !note.startsWith(NOISE)).join(' ') },
  ]
}

/** Stands above, once for all arms. */
const NOISE = 'Two equal arms differ by up to'

function chance(value: number | undefined): string | undefined {
  if (value === undefined) return undefined
  return value < 1e-4 ? '< 0.0001' : formatNumber(value, 2)
}
