import type { View } from 'vega'
import type { Chart } from '../chart.ts'
import { liveFrame } from '../charts/frame.ts'
import { caption, numbers } from '../figure.ts'
import { html, textOf } from '../html.ts'
import { loadEngine } from './load-engine.ts'

/** One figure of the page that a live chart stands in for the drawing that came with it. */
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

export function liveFigure(element: HTMLElement): LiveFigure | undefined {
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
  // The figure around it has the name and the description, and the keyboard speaks its marks.
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
