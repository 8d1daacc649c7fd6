import { LEVEL_TEXT, PASS_LEVEL_TEXT } from '../model/confidence.ts'
import { formatChange, formatChanges } from '../model/units.ts'
import type { GateCell, GateFinding, GateResult } from '../model/verdict.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, paragraph } from './text-layout.ts'

/** The verdict of a gate on a terminal: the answer, the findings, every cell, and changes. */
export function gateTable(result: GateResult, style: Style): string {
  const { run, stage, family, mode, findings, cells, changes, next } = result
  const told = findings.filter(({ severity }) => severity !== 'note')
  const circumstances = [
    `platform ${run.platform}`,
    mode === 'pinned' ? 'against a pinned reference' : `stage ${stage} of 2`,
    `${family.cells} cells judged at a family error of ${family.alpha}`,
  ]
  return [
    `${style.bold(style.plain(run.id))}  ${style.plain(circumstances.join(', '))}`,
    paintOf(result.verdict, style)(style.plain(result.headline)),
    told.map((finding) => findingText(finding, style)).join('\n'),
    cells.length === 0 ? '' : cellGrid(cells, style),
    changes.length === 0
      ? ''
      : [
          'Differences between the sides:',
          ...changes.map(({ what, reference, candidate }) => `  ${what}: ${reference} → ${candidate}`),
        ]
          .map((line) => style.plain(line))
          .join('\n'),
    next === undefined ? '' : style.plain(`→ ${next}`),
  ]
    .filter(Boolean)
    .join('\n\n')
}

const INDENT = '    '

function findingText({ severity, message, remedy }: GateFinding, style: Style): string {
  const text = paragraph(style.plain(`${severity}: ${message}`), { indent: INDENT, width: style.width })
  const painted = paintOf(severity, style)(severity) + text.slice(severity.length)
  const advice = remedy && paragraph(style.plain(`→ ${remedy}`), { first: INDENT, indent: INDENT, width: style.width })
  return advice ? `${painted}\n${advice}` : painted
}

function cellGrid(cells: readonly GateCell[], style: Style): string {
  const header = ['cell', 'ratio', `${LEVEL_TEXT} interval`, `${PASS_LEVEL_TEXT} bound`, 'worse', 'verdict'].map(
    (text) => ({
      text: style.plain(text),
      paint: style.dim,
    }),
  )
  return grid([header, ...cells.map((cell) => rowOf(cell, style))], style.width)
}

function rowOf({ arm, load, metric, ratio, bound, blocks, verdict, waived }: GateCell, style: Style): Entry[] {
  const change = (value: number | undefined) => (value === undefined ? '–' : formatChange(value))
  const said = waived ? `${verdict} (waived)` : verdict
  return [
    { text: style.plain(`${arm}/${load}/${metric.name}`) },
    { text: style.plain(change(ratio?.center)) },
    { text: style.plain((ratio && formatChanges(ratio)) ?? '–') },
    { text: style.plain(change(bound)) },
    { text: `${blocks.worse}/${blocks.valid}` },
    { text: said, paint: paintOf(waived ? 'note' : verdict, style) },
  ]
}

function paintOf(what: GateResult['verdict'] | GateFinding['severity'], style: Style): (text: string) => string {
  if (what === 'pass' || what === 'improvement') return style.green
  if (what === 'inconclusive' || what === 'warning') return style.yellow
  return what === 'note' ? style.dim : style.red
}
