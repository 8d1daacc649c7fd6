import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { liveFrame } from '../charts/frame.ts'
import { caption, numberTable } from '../figure.ts'
import { html, textOf } from '../html.ts'
import { loadEngine } from './packed.ts'
import type { Reading } from './reading.ts'

/** Distance from the viewport at which a chart becomes interactive. */
const NEAR = '600px 0px'

/**
 * Makes figures near the viewport interactive, and redraws them when the view changes. What it gives back takes on the figures
 * of a part of the page that was added.
 */
export function liveFigures(reading: Reading, begin: (figure: LiveFigure) => void): (part: ParentNode) => void {
  const figures = new Map<Element, LiveFigure>()
  const near = new Set<Element>()
  const stale = new Set<Element>()
  const renew = inTurn(async (element) => {
    const figure = figures.get(element)
    const chart = figure && reading.chart(figure.id)
    if (!figure || !chart || !near.has(element) || !(stale.has(element) || figure.isUnfit())) return
    stale.delete(element)
    await figure.draw(chart)
    if (!stale.has(element)) element.removeAttribute('data-stale')
  })
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) near.add(target)
        else near.delete(target)
      }
      for (const target of near) renew(target)
    },
    { rootMargin: NEAR },
  )
  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const element = target.closest('figure')
      if (element) renew(element)
    }
  })
  let asked = reading.asked
  reading.listen(() => {
    if (reading.asked === asked) return
    asked = reading.asked
    for (const [element, figure] of figures) changed(reading, element, figure, stale, renew)
  })
  whenIdle(() => void loadEngine().catch(() => undefined))
  return (part) => {
    for (const element of part.querySelectorAll<HTMLElement>('figure[data-chart]')) {
      const figure = liveFigure(element, reading)
      if (!figure) continue
      figures.set(element, figure)
      stale.add(element)
      begin(figure)
      watch.observe(element)
      widths.observe(figure.plot)
      if (reading.asked !== '') changed(reading, element, figure, stale, renew)
    }
  }
}

/** Updates text and table at once, and the drawing when it comes near the viewport. */
function changed(
  reading: Reading,
  element: Element,
  figure: LiveFigure,
  stale: Set<Element>,
  renew: (element: Element) => void,
): void {
  const chart = reading.chart(figure.id)
  if (!chart) return
  figure.write(chart)
  stale.add(element)
  element.setAttribute('data-stale', '')
  renew(element)
}

/** One drawing after the other, with room for the reader's keys and clicks between them. */
function inTurn(work: (element: Element) => Promise<void>): (element: Element) => void {
  const waiting = new Set<Element>()
  let isRunning = false
  const run = async () => {
    isRunning = true
    for (const element of waiting) {
      waiting.delete(element)
      await work(element).catch((error: unknown) => console.error(error))
      await new Promise((resolve) => setTimeout(resolve))
    }
    isRunning = false
  }
  return (element) => {
    waiting.add(element)
    if (!isRunning) void run()
  }
}

function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: 2000 })
  else setTimeout(work, 500)
}

/** A figure of the page, whose static drawing is replaced by an interactive chart. */
export interface LiveFigure {
  readonly id: string
  readonly plot: HTMLElement
  /** What came with the page: a drawing or a reason, and a table behind it or none. */
  readonly isDrawn: boolean
  readonly hasNumbers: boolean
  /** The drawing, once it is one. */
  readonly view: View | undefined
  /** Title, sentence and table as the chart is now. */
  write(chart: Chart): void
  /** Draws at the width that there is now; a drawing that is overtaken by another is thrown away. */
  draw(chart: Chart): Promise<void>
  /** Whether the width has changed since it was drawn. */
  isUnfit(): boolean
}

function liveFigure(element: HTMLElement, reading: Reading): LiveFigure | undefined {
  const id = element.dataset['chart']
  const plot = element.querySelector<HTMLElement>('.plot')
  if (!id || !plot) return undefined
  for (const still of plot.children) still.classList.add('still')
  const fold = element.querySelector<HTMLDetailsElement>('.behind details')
  const fill = () => {
    fold?.querySelector(':scope > :not(summary)')?.remove()
    const chart = fold?.open ? reading.chart(id) : undefined
    if (chart) fold?.insertAdjacentHTML('beforeend', textOf(numberTable(chart)))
  }
  fill()
  fold?.addEventListener('toggle', fill)
  let [view, turn, width]: [View | undefined, number, number] = [undefined, 0, 0]
  return {
    id,
    plot,
    isDrawn: plot.querySelector(':scope > svg') !== null,
    hasNumbers: fold !== null,
    get view() {
      return view
    },
    write(chart) {
      const words = element.querySelector('figcaption')
      if (words) words.innerHTML = textOf(caption(chart))
      fill()
    },
    isUnfit: () => view !== undefined && plot.clientWidth > 0 && Math.abs(plot.clientWidth - width) > 1,
    async draw(chart) {
      const mine = ++turn
      const wanted = plot.clientWidth
      const box = document.createElement('div')
      box.className = 'live'
      const drawn = await fillBox(box, chart, wanted)
      if (mine !== turn) return void drawn?.finalize()
      plot.querySelector('.live')?.remove()
      view?.finalize()
      plot.append(box)
      plot.classList.add('is-live')
      width = wanted
      view = drawn
    },
  }
}

async function fillBox(box: HTMLElement, { drawing }: Chart, width: number): Promise<View | undefined> {
  if ('reason' in drawing) {
    box.innerHTML = textOf(html`<p class="reason">${drawing.reason}</p>`)
    return undefined
  }
  const { draw } = await loadEngine()
  const view = await draw(drawing(liveFrame(width)), box)
  // The figure has the name and the description, and its marks are read out by keyboard.
  box.querySelector('svg')?.setAttribute('aria-hidden', 'true')
  return view
}
