import { type LiveFigure, liveFigure } from './live-figure.ts'
import { loadEngine } from './load-engine.ts'
import type { Reading } from './reading.ts'

/** How far from the window a chart is brought to life, so that a reader finds it ready. */
const NEAR = '600px 0px'

/** Brings each figure to life as it comes near, and draws those that are near anew when what is asked changes. */
export function liveFigures(reading: Reading): LiveFigure[] {
  const elements = [...document.querySelectorAll<HTMLElement>('figure[data-chart]')]
  const figures = new Map<Element, LiveFigure>()
  for (const element of elements) {
    const figure = liveFigure(element)
    if (figure) figures.set(element, figure)
  }
  const near = new Set<Element>()
  const stale = new Set<Element>(figures.keys())
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
  for (const [element, { plot }] of figures) {
    watch.observe(element)
    widths.observe(plot)
  }
  reading.listen(() => changed(reading, figures, stale, renew))
  whenIdle(() => void loadEngine().catch(() => undefined))
  return [...figures.values()]
}

/** Words and tables at once, wherever they stand; drawings as a reader comes to them. */
function changed(
  reading: Reading,
  figures: ReadonlyMap<Element, LiveFigure>,
  stale: Set<Element>,
  renew: (element: Element) => void,
): void {
  for (const [element, figure] of figures) {
    const chart = reading.chart(figure.id)
    if (!chart) continue
    figure.write(chart)
    stale.add(element)
    element.setAttribute('data-stale', '')
    renew(element)
  }
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
