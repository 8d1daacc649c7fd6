import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { columnHead, csvOf } from '../figure.ts'
import { html, textOf } from '../html.ts'
import type { LiveFigure } from './live-figures.ts'
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

/** A drawing that stands alone: colours and letters of the page as it looks now, on its paper. */
async function svgOf(view: View): Promise<string> {
  const style = getComputedStyle(document.documentElement)
  const font = getComputedStyle(document.body).fontFamily.replaceAll('"', "'")
  const colored = (await view.toSVG())
    .replace(/var\((--[\w-]+)\)/g, (_, name: string) => colorOf(style.getPropertyValue(name)))
    .replaceAll('font-family="inherit"', `font-family="${font}"`)
  return colored.replace(/^<svg[^>]*>/, (open) => `${open}<rect width="100%" height="100%" fill="${paper()}"/>`)
}

/** Of a system that forces its colours, the variables hold names such as `CanvasText`, which mean nothing elsewhere. */
function colorOf(value: string): string {
  const trial = document.createElement('i')
  trial.style.color = value.trim()
  document.body.append(trial)
  const { color } = getComputedStyle(trial)
  trial.remove()
  return color
}

function paper(): string {
  return getComputedStyle(document.body).backgroundColor
}

/** Twice as fine as the page, for slides. */
const FINE = 2

async function pngOf(svg: string): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth * FINE
    canvas.height = image.naturalHeight * FINE
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be made'))), 'image/png')
    })
  } finally {
    URL.revokeObjectURL(address)
  }
}
