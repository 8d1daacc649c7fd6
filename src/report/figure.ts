import { formatNumber, formatShare } from '../model/units.ts'
import type { Chart, ColumnUnit, Value } from './chart.ts'
import { STILL, WIDE } from './charts/frame.ts'
import type { Citation } from './data/citation.ts'
import { draw } from './draw.ts'
import { formatLevel, formatRatio } from './format.ts'
import { type Html, html, textOf, trusted } from './html.ts'
import { table } from './table.ts'

/** A chart with title, sentence and table. Scripts make it interactive. `isSingle`: no other stands beside it. */
export async function figure(chart: Chart, isSingle: boolean): Promise<Html> {
  const { id, drawing } = chart
  const plot =
    'reason' in drawing
      ? html`<p class="reason">${drawing.reason}</p>`
      : picture(chart, await draw(drawing(isSingle ? WIDE : STILL)))
  return html`<figure id="${id}" data-chart="${id}"><figcaption>${caption(chart)}</figcaption>
<div class="plot" tabindex="0" role="group" aria-labelledby="${id}-title">${plot}</div>
<div class="behind">${numbers(chart)}</div></figure>`
}

/** Title and sentence; the title links to itself, so that a reader can pass the chart on. */
export function caption({ id, title, sentence, drawing }: Chart): Html {
  return html`<h3 id="${id}-title"><a class="self" href="#${id}">${title}</a></h3>${'reason' in drawing ? '' : html`<p id="${id}-sentence">${sentence}</p>`}`
}

/** The rows of a chart behind a fold; where scripts run, the table is made when it is opened. */
function numbers(chart: Chart): Html {
  if (chart.rows.length === 0) return html``
  return html`<details><summary>Numbers</summary><noscript>${numberTable(chart)}</noscript></details>`
}

/** The same values that are drawn and downloaded. */
export function numberTable({ id, title, columns, rows }: Chart): Html {
  return table({
    id: `${id}-numbers`,
    caption: title,
    head: columns.map(({ name, unit }) => ({ content: name, numeric: unit !== undefined })),
    rows: rows.map((row) => row.map((value, index) => formatValue(columns[index]?.unit, value))),
  })
}

/** Where no script can ever open it, what is behind a fold stands there as it is. */
export function withoutScripts(markup: string): string {
  return markup.replace(/<\/?noscript[^>]*>/g, '')
}

/** What to quote, the address of the place, and the command that measures it again. */
export function citation({ text, place, command }: Citation): Html {
  return html`<div class="cite"><p>${text} <a href="#${place}">#${place}</a></p><pre tabindex="0"><code>${command}</code></pre></div>`
}

/** The drawing as one image with a name and a description, whose contents screen readers skip. */
function picture({ id }: Chart, svg: string): Html {
  const size = / width="([\d.]+)" height="([\d.]+)"/.exec(svg)
  const box = `0 0 ${size?.[1] ?? STILL.width} ${size?.[2] ?? STILL.height}`
  const open = html`<svg viewBox="${box}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-sentence">`
  return trusted(svg.replace(/<[^/][^>]*>/g, classed).replace(/^<svg[^>]*>/, () => textOf(open)))
}

/** Attributes that most marks have, as classes: a page has thousands of them. */
const CLASSES = {
  m: ['fill', 'var(--muted)'],
  k: ['fill', 'var(--ink)'],
  p: ['fill', 'var(--paper)'],
  l: ['stroke', 'var(--line)'],
  q: ['stroke', 'var(--paper)'],
  c: ['text-anchor', 'middle'],
  e: ['text-anchor', 'end'],
} as const

/** The rules that go with it. */
export const CLASS_STYLE = Object.entries(CLASSES)
  .map(([name, [attribute, value]]) => `.plot>svg .${name}{${attribute}:${value}}`)
  .join('')

function classed(tag: string): string {
  const names: string[] = []
  const rest = Object.entries(CLASSES).reduce((text, [name, [attribute, value]]) => {
    const without = text.replace(` ${attribute}="${value}"`, '')
    if (without !== text) names.push(name)
    return without
  }, tag)
  return names.length === 0 ? tag : rest.replace(/\s*\/?>$/, (end) => ` class="${names.join(' ')}"${end}`)
}

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
  requests: 'requests',
  series: 'series',
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
