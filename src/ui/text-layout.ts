import type { MetricInfo } from '../model/analysis.ts'
import { formatCores, formatLatency, formatNumber, formatPerMinute, formatRate, formatSize } from '../model/units.ts'

/** A text and how it is painted once it is in place: colours have no width. */
export interface Entry {
  readonly text: string
  paint?(text: string): string
}

/** Rows side by side: the first column to the left, figures to the right, two spaces between. */
export function grid(rows: readonly (readonly Entry[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.text.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((entry, column) => placed(entry, widths[column] ?? 0, column === 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function placed({ text, paint }: Entry, width: number, isFirst: boolean): string {
  const space = ' '.repeat(width - text.length)
  const painted = paint && text !== '' ? paint(text) : text
  return isFirst ? painted + space : space + painted
}

/** A metric's value in the unit that a reader expects. */
export function levelText(value: number, unit: MetricInfo['unit']): string {
  if (!Number.isFinite(value)) return '–'
  switch (unit) {
    case 'seconds':
      return formatLatency(value)
    case 'seconds-per-minute':
      return formatPerMinute(value)
    case 'per-second':
      return formatRate(Number(value.toPrecision(4)))
    case 'cpu-seconds-per-million':
      return formatNumber(value)
    case 'bytes':
      return formatSize(value)
    case 'cores':
      return formatCores(value)
  }
}

/** The widest line that anything here prints. */
const WIDTH = 100

/** Text broken at spaces; every line but the first is indented. A word that is too long stays whole, so that paths can be copied. */
export function paragraph(text: string, { first = '', indent = '', width = WIDTH } = {}): string {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}
