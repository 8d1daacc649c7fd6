import type { MetricInfo } from '../model/analysis.ts'
import { formatCores, formatLatency, formatNumber, formatPerMinute, formatRate, formatSize } from '../model/units.ts'

/** A text and how it is painted once it is in place: colours have no width. */
export interface Entry {
  readonly text: string
  paint?(text: string): string
}

const GAP = '  '

/**
 * Rows side by side: the first column to the left, figures to the right, two spaces between. Where they are wider than the
 * terminal, the columns that do not fit follow below, after the first column again.
 */
export function grid(rows: readonly (readonly Entry[])[], width = Number.POSITIVE_INFINITY): string {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.text.length ?? 0)),
  )
  return panels(widths, width)
    .map((columns) => {
      const lines = rows.map((row) => line(row, columns, widths))
      return columns.length === count ? lines : lines.filter(({ isEmpty }) => !isEmpty)
    })
    .map((lines) => lines.map(({ text }) => text).join('\n'))
    .join('\n\n')
}

/** The columns of each panel: as many as fit, and one at least. */
function panels([first = 0, ...others]: readonly number[], width: number): number[][] {
  const found: number[][] = [[0]]
  let used = first
  for (const [index, own] of others.entries()) {
    const isFull = used + GAP.length + own > width && (found.at(-1)?.length ?? 0) > 1
    if (isFull) found.push([0])
    used = (isFull ? first : used) + GAP.length + own
    found.at(-1)?.push(index + 1)
  }
  return found
}

function line(row: readonly Entry[], columns: readonly number[], widths: readonly number[]) {
  const entries = columns.flatMap((column) => {
    const entry = row[column]
    return entry ? [placed(entry, widths[column] ?? 0, column === 0)] : []
  })
  return { text: entries.join(GAP).trimEnd(), isEmpty: columns.slice(1).every((column) => !row[column]?.text) }
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
    case 'requests':
    case 'series':
    case 'cpu-seconds-per-million':
      return formatNumber(value)
    case 'bytes':
      return formatSize(value)
    case 'cores':
      return formatCores(value)
  }
}

/** The widest line that anything here prints, unless the terminal is narrower. */
const WIDTH = 100

/** Text broken at spaces; every line but the first is indented. A word that is too long stays whole, so that paths can be copied. */
export function paragraph(
  text: string,
  { first = '', indent = '', width = WIDTH }: { first?: string; indent?: string; width?: number | undefined } = {},
): string {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (!isEmpty && line.length + 1 + word.length > Math.min(width, WIDTH)) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}
