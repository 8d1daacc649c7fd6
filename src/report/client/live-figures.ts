import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { liveFrame } from '../charts/frame.ts'
import { caption, numbers } from '../figure.ts'
import { html, textOf } from '../html.ts'
import { loadEngine } from './packed.ts'
import type { Reading } from './reading.ts'

/** Distance from the viewport at which a chart becomes interactive. */
const NEAR = '600px 0px'

/** Makes figures near the viewport interactive, and redraws them when the view changes. */
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

/** Updates text and tables at once, and drawings when they come near the viewport. */
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

function liveFigure(element: HTMLElement): LiveFigure | undefined {
  const id = element.dataset['chart']
  const plot = element.querySelector<HTMLElement>('.plot')
  if (!id || !plot) return undefined
  for (const still of plot.children) still.classList.add('still')
  let [view, turn, width]: [View | undefined, number, number] = [undefined, 0, 0]
  return {
    id,
    plot,
    isDrawn: plot.querySelector(':scope > svg') !== null,
    hasNumbers: element.querySelector('.behind table') !== null,
    get view() {
      return view
    },
    write: (chart) => write(element, chart),
    isUnfit: () => view !== undefined && Math.abs(plot.clientWidth - width) > 1,
    async draw(chart) {
      const mine = ++turn
      const wanted = plot.clientWidth
      const box = document.createElement('div')
      box.className = 'live'
      const drawn = await fill(box, chart, wanted)
      if (mine !== turn) return void drawn?.finalize()
      if (width === 0) plot.style.minHeight = `${plot.offsetHeight}px`
      else if (width !== wanted) plot.style.minHeight = ''
      plot.querySelector('.live')?.remove()
      view?.finalize()
      plot.append(box)
      plot.classList.add('is-live')
      width = wanted
      view = drawn
    },
  }
}

async function fill(box: HTMLElement, { drawing }: Chart, width: number): Promise<View | undefined> {
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

function write(element: HTMLElement, chart: Chart): void {
  const words = element.querySelector('figcaption')
  const behind = element.querySelector('.behind')
  if (words) words.innerHTML = textOf(caption(chart))
  if (!behind) return
  const isOpen = behind.querySelector('details')?.open ?? false
  behind.innerHTML = textOf(numbers(chart))
  const details = behind.querySelector('details')
  if (details) details.open = isOpen
}

/** What only a page that runs scripts needs; it keeps to the page's type scale, colours and radii. */
export const LIVE_STYLE = `
[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.controls{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:end;padding:.9rem 1rem;border:1px solid var(--line);border-radius:6px;background:var(--panel);font-size:.9375rem}
.choice{display:flex;flex-direction:column;gap:.2rem;min-width:0;max-width:100%}
.choice>span,.controls legend{font-size:.8125rem;color:var(--muted);padding:0}
.controls fieldset{border:0;margin:0;padding:0;min-width:0;display:flex;flex-wrap:wrap;gap:0 1rem}
.controls legend{float:left;width:100%}
.tick{display:inline-flex;align-items:center;gap:.4rem;min-height:28px;min-width:0;overflow-wrap:anywhere;white-space:normal}
.tick input{width:20px;height:20px;margin:2px;flex:none;accent-color:var(--link)}
td .tick{font-size:.8125rem;color:var(--muted);white-space:nowrap}
.acts{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;min-width:0}
.controls select,.controls button,.controls input[type=file],.controls input[type=number],.downloads button,#unpublished button,#other-run button{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--paper);border:1px solid var(--muted);border-radius:4px;min-height:32px;padding:.2rem .6rem;max-width:100%}
.controls select{width:100%}
.controls button:disabled{color:var(--muted);border-color:var(--line)}
:is(.controls,.downloads,#unpublished,#other-run,td) :is(select,button,input):focus-visible{outline:3px solid var(--link);outline-offset:2px}
.downloads{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.5rem}
.downloads button{font-size:.8125rem;min-height:28px;border-color:var(--line);color:var(--muted)}
.downloads button:hover,.controls button:hover:enabled{color:var(--ink);border-color:var(--ink)}
#unpublished{position:sticky;top:0;z-index:3;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between;margin-block:1rem;padding:.6rem 1rem;background:var(--paper);border:2px solid var(--alarm);border-left-width:8px;border-radius:4px}
#unpublished p{max-width:46rem;font-size:.9375rem}
.plot{position:relative}
.plot .live{position:relative}
.plot .live>svg{display:block;max-width:100%;height:auto;overflow:visible}
.plot:focus-visible{outline:3px solid var(--link);outline-offset:4px;border-radius:3px}
.ring{position:absolute;pointer-events:none;border:2px solid var(--ink);outline:2px solid var(--paper);border-radius:4px}
.tip{position:absolute;left:0;top:0;width:max-content;z-index:5;max-width:min(22rem,calc(100vw - 8px));padding:.35rem .6rem;border:1px solid var(--muted);border-radius:4px;background:var(--paper);color:var(--ink);font-size:.875rem;line-height:1.35;pointer-events:none;overflow-wrap:anywhere}
.board{position:fixed;z-index:5;left:50%;bottom:1rem;transform:translateX(-50%);max-width:calc(100vw - 2rem);padding:.5rem 1rem;background:var(--ink);color:var(--paper);border-radius:4px;font-size:.9375rem}
.board:empty{display:none}
.dropping::after{content:"Drop a report to compare it with this one";position:fixed;inset:.5rem;z-index:6;display:grid;place-items:center;border:3px dashed var(--link);border-radius:8px;background:color-mix(in srgb,var(--paper) 85%,transparent);font-size:1.25rem;pointer-events:none}
#other-run .differs{border-left:4px solid var(--alarm);background:var(--panel);padding:.6rem 1rem;margin:.8rem 0}
#other-run .differs ul{padding-left:1.2rem}
#other-run:focus{outline:none}
@media screen{.is-live>.still{display:none}}
@media print{#controls,.downloads,.tip,.board,.ring,.live,td .tick{display:none!important}#unpublished{position:static}[data-live=asked] .is-live>.still{display:none}[data-live=asked] .is-live>.live{display:block!important}[data-stale] .plot>*{display:none!important}[data-stale] .plot::before{content:"Not redrawn for the current view: scroll past it, then print again."}#unpublished button{display:none}}
`
