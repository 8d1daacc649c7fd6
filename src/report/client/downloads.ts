import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { columnHead, csvOf } from '../columns.ts'
import { html, textOf } from '../html.ts'
import type { LiveFigure } from './live-figure.ts'
import { pngOf, svgOf } from './picture.ts'
import type { Reading } from './reading.ts'

/** What a chart can be taken away as. Tables are in base units, with all their digits. */
const KINDS = {
  CSV: { type: 'text/csv', make: csv },
  JSON: { type: 'application/json', make: json },
  SVG: { type: 'image/svg+xml', make: svg },
  PNG: { type: 'image/png', make: png },
} as const satisfies Record<string, { type: string; make: (chart: Chart, view?: View) => Made }>

type Made = Promise<string | Blob | undefined> | string
type Kind = keyof typeof KINDS

/** Buttons under a figure. */
export function offerDownloads(figure: LiveFigure, reading: Reading, copyLink: (id: string) => void): void {
  const { id, plot, isDrawn, hasNumbers } = figure
  if (!hasNumbers) return
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => isDrawn || kind === 'CSV' || kind === 'JSON')
  plot
    .closest('figure')
    ?.insertAdjacentHTML(
      'beforeend',
      textOf(
        html`<div class="downloads" role="group" aria-labelledby="${id}-title">${kinds.map((kind) => html`<button type="button" value="${kind}" aria-label="Download ${kind}">${kind}</button>`)}<button type="button" value="link">Copy link to this view</button></div>`,
      ),
    )
  plot
    .closest('figure')
    ?.querySelector('.downloads')
    ?.addEventListener('click', ({ target }) => {
      const asked = target instanceof HTMLButtonElement ? target.value : undefined
      if (asked === 'link') copyLink(id)
      else if (asked !== undefined && asked in KINDS) void download(asked as Kind, figure, reading)
    })
}

async function download(kind: Kind, figure: LiveFigure, reading: Reading): Promise<void> {
  const chart = reading.chart(figure.id)
  if (!chart) return
  const { type, make } = KINDS[kind]
  // The buttons can be reached before the drawing is.
  if ((kind === 'SVG' || kind === 'PNG') && !figure.view) await figure.draw(chart)
  const made = await make(chart, figure.view)
  if (made !== undefined) save(new Blob([made], { type }), `${reading.data.run.id}-${chart.id}.${kind.toLowerCase()}`)
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function csv({ columns, rows }: Chart): string {
  return csvOf(columns.map(columnHead), rows)
}

/** What is absent is null: a list of cells must not lose its places. */
function json({ title, sentence, columns, rows }: Chart): string {
  const cells = rows.map((row) => row.map((value) => value ?? null))
  return `${JSON.stringify({ title, sentence, columns, rows: cells }, undefined, 1)}\n`
}

async function svg(_: Chart, view?: View): Promise<string | undefined> {
  return view && (await svgOf(view))
}

async function png(_: Chart, view?: View): Promise<Blob | undefined> {
  return view && (await pngOf(await svgOf(view)))
}
