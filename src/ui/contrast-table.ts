import { notesOf, type SidesCompared, VERDICTS } from '../compare/contrast.ts'
import type { MetricInfo } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import { formatChange, formatChanges, formatNumber } from '../model/units.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, levelText, paragraph } from './text-layout.ts'

/** B against A on a terminal: other changes, the figures, and cautions. */
export function contrastTable(
  { method, contrasts, changed, cautions }: SidesCompared,
  metrics: readonly MetricInfo[],
  style: Style,
): string {
  const groups = Map.groupBy(contrasts, ({ armA, armB, load }) => `${armA} → ${armB} under ${load}`)
  const sections = [
    ...[...groups].map(([title, rows]) => `${style.bold(style.plain(title))}\n${table(rows, metrics, style)}`),
    style.dim(paragraph(style.plain(LEGENDS[method]), { width: style.width })),
    bullets(
      changed.length === 0 ? [] : changed.map(({ what, a, b }) => `${what}: ${a} → ${b}`),
      'changed from A to B',
      style,
    ),
    bullets([...cautions, ...notesOf(contrasts)], 'cautions', style),
  ]
  return sections.filter(Boolean).join('\n\n')
}

const LEGENDS = {
  paired: `A and B are geometric means over trials, as in the report (arithmetic where a value is 0); the ratio is B to A, by geometric means paired within blocks, with a ${LEVEL_TEXT} interval; p is adjusted (Holm) for all comparisons here.`,
  unpaired: `A and B are geometric means over trials, as in the report of each run; the shift is the Hodges–Lehmann estimate of B to A on logarithms with its ${LEVEL_TEXT} interval, not the ratio of these means; p is exact Mann–Whitney, adjusted (Holm) for all comparisons here; delta is Cliff’s.`,
} as const

function table(rows: SidesCompared['contrasts'], metrics: readonly MetricInfo[], style: Style): string {
  const isPaired = rows.some(({ method }) => method === 'paired')
  const titles = ['', 'A', 'B', isPaired ? 'ratio' : 'shift', LEVEL_TEXT, 'p', isPaired ? 'B higher in' : 'delta', '']
  return grid(
    [
      titles.map((text) => ({ text, paint: style.dim })),
      ...rows.map((row) =>
        rowOf(
          row,
          metrics.find(({ name }) => name === row.metric),
          style,
        ),
      ),
    ],
    style.width,
  )
}

function rowOf(row: SidesCompared['contrasts'][number], metric: MetricInfo | undefined, style: Style): Entry[] {
  const { ratio, adjusted, delta, pairs, higherIn } = row
  const texts = [
    metric?.title ?? row.metric,
    metric ? levelText(row.levelA?.center ?? Number.NaN, metric.unit) : '–',
    metric ? levelText(row.levelB?.center ?? Number.NaN, metric.unit) : '–',
    ratio ? formatChange(ratio.center) : '–',
    (ratio && formatChanges(ratio)) ?? '–',
    adjusted === undefined ? '–' : pText(adjusted),
    pairs === undefined ? (delta?.toFixed(2) ?? '–') : `${higherIn} of ${pairs}`,
  ]
  const verdict = { text: VERDICTS[row.standing], paint: row.standing in LOUD ? style.bold : style.dim }
  return [...texts.map((text) => ({ text: style.plain(text) })), verdict]
}

const LOUD = { higher: true, lower: true }

function pText(p: number): string {
  return p < 1e-4 ? '< 0.0001' : formatNumber(p, 2)
}

function bullets(lines: readonly string[], title: string, style: Style): string {
  if (lines.length === 0) return ''
  return [
    style.bold(title),
    ...lines.map((line) => paragraph(style.plain(line), { first: '- ', indent: '  ', width: style.width })),
  ].join('\n')
}
