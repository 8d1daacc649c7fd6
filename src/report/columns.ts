import { formatNumber, formatShare } from '../model/units.ts'
import type { ColumnUnit, Value } from './chart.ts'
import { formatLevel, formatRatio } from './figures.ts'

/** A value of a column as people read it. */
export function formatValue(unit: ColumnUnit | undefined, value: Value): string {
  if (value === undefined) return '–'
  if (typeof value === 'string' || unit === undefined) return String(value)
  if (unit === 'ratio') return formatRatio(value)
  if (unit === 'share') return formatShare(value)
  return unit === 'dimensionless' ? formatNumber(value) : formatLevel(unit, value)
}

const UNIT_WORDS: Readonly<Record<Exclude<ColumnUnit, 'ratio' | 'share' | 'dimensionless'>, string>> = {
  seconds: 's',
  'seconds-per-minute': 's per minute',
  'per-second': '1/s',
  'cpu-seconds-per-million': 'CPU-s per million requests',
  bytes: 'bytes',
  cores: 'cores',
  'dollars-per-month': 'US$ per month',
}

/** The head of a column of a download, which holds base units. */
export function columnHead({ name, unit }: { readonly name: string; readonly unit?: ColumnUnit }): string {
  if (unit === undefined || unit === 'ratio' || unit === 'share' || unit === 'dimensionless') return name
  return `${name} (${UNIT_WORDS[unit]})`
}

/** Comma-separated, RFC 4180; a text that a spreadsheet could take for a formula is kept from being one. */
export function csvOf(head: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')
}

function csvCell(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
