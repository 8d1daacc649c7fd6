import { LATE } from '../analyse/operations/operation-effects.ts'
import { operationRows } from '../analyse/operations/operation-rows.ts'
import type { Analysis } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import type { Load } from '../model/scenario.ts'
import { formatDuration, formatRate } from '../model/units.ts'
import { connectionWords } from '../model/words.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, paragraph } from './text-layout.ts'

/** One load with an operation: a row for each arm. */
export function operationTable(analysis: Analysis, load: Load, style: Style): string {
  const { name, operation, operationAt = 0, tool, protocol, rate, duration } = load
  const how = `${operation} at second ${operationAt} of ${formatDuration(duration)}, ${tool}, ${protocol}, ${formatRate(rate)}, ${connectionWords(load)}`
  const line = paragraph(style.plain(how), { first: `${style.plain(name)}  `, indent: '    ', width: style.width })
  const rows = operationRows(analysis, load)
  const hasChange = rows.some(({ change }) => change)
  const hasPod = rows.some(({ pod }) => pod !== undefined)
  const heads = [
    '',
    'errors',
    LEVEL_TEXT,
    `later than ${formatDuration(LATE)}`,
    'until normal',
    LEVEL_TEXT,
    ...(hasChange ? ['until all new'] : []),
    ...(hasPod ? ['pod made meanwhile'] : []),
  ]
  const entries = rows.map((row): Entry[] => [
    { text: style.plain(row.arm), paint: style.bold },
    { text: style.plain(row.errors.text) },
    { text: style.plain(row.errors.interval ?? ''), paint: style.dim },
    { text: style.plain(row.late.text) },
    { text: style.plain(row.absent ?? row.recovery.text) },
    { text: style.plain(row.recovery.interval ?? ''), paint: style.dim },
    ...(hasChange ? [{ text: style.plain(row.change?.text ?? '') }] : []),
    ...(hasPod ? [{ text: style.plain(row.pod ?? '') }] : []),
  ])
  return [
    style.bold(style.plain(name)) + style.dim(line.slice(style.plain(name).length)),
    grid([heads.map((head) => ({ text: head, paint: style.dim })), ...entries], style.width),
  ].join('\n')
}
