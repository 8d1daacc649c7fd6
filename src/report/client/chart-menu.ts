import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { citeChart } from '../data/citation.ts'
import { citation, columnHead, csvOf } from '../figure.ts'
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

/** One menu under a figure: what it can be saved as, its address, and how to cite it. Filled when it is opened. */
export function offerMenu(figure: LiveFigure, reading: Reading, copyLink: (id: string) => void): void {
  const { id, plot, isDrawn, hasNumbers } = figure
  if (!hasNumbers) return
  const menu = document.createElement('details')
  menu.className = 'menu'
  menu.innerHTML = textOf(html`<summary aria-describedby="${id}-title">Save, link, cite</summary><div></div>`)
  plot.closest('figure')?.querySelector('.behind')?.append(menu)
  const inside = menu.querySelector('div')
  menu.addEventListener('toggle', () => {
    const chart = reading.chart(id)
    if (!menu.open || !chart || !inside) return
    const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => isDrawn || kind === 'CSV' || kind === 'JSON')
    inside.innerHTML = textOf(
      html`<div class="acts">${kinds.map((kind) => html`<button type="button" value="${kind}" aria-label="Download ${kind}">${kind}</button>`)}<button type="button" value="link">Copy link to this view</button></div>
<p class="under">Cite or repeat</p>${citation(citeChart(reading.view, chart, reading.view.load))}`,
    )
  })
  inside?.addEventListener('click', ({ target }) => {
    const asked = target instanceof HTMLButtonElement ? target.value : undefined
    if (asked === 'link') copyLink(id)
    else if (asked !== undefined && asked in KINDS) void download(asked as Kind, figure, reading)
  })
}

/** A menu closes by Escape, by a press elsewhere, and when a link in it is followed. */
export function closeMenus(): void {
  const close = (keep?: Element | null) => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>('.menu[open]')) {
      if (menu === keep) continue
      if (menu.contains(document.activeElement)) menu.querySelector('summary')?.focus()
      menu.open = false
    }
  }
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && close())
  document.addEventListener('pointerdown', ({ target }) =>
    close(target instanceof Element ? target.closest('.menu') : null),
  )
  document.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('.contents a')) close()
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
