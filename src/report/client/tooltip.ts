import type { LiveFigure } from './live-figure.ts'
import { markAt, marksOf } from './marks.ts'
import { placement } from './placement.ts'

/** How far from a mark it still answers, in pixels: a finger is wider than a pointer. */
const REACH = { mouse: 14, pen: 18, touch: 28 }
const AWAY = 14

/** The words of a mark beside the pointer, or beside the mark that the keyboard is at. */
export interface Tooltip {
  show(words: string, x: number, y: number): void
  hide(): void
}

export function makeTooltip(): Tooltip {
  const element = document.createElement('div')
  element.className = 'tip'
  element.hidden = true
  // What it says is spoken by the keyboard's way through the marks, and stands in the table.
  element.setAttribute('aria-hidden', 'true')
  document.body.append(element)
  const hide = () => {
    element.hidden = true
  }
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && hide())
  document.addEventListener('pointerdown', ({ target }) => {
    if (!(target instanceof Element && target.closest('.plot'))) hide()
  })
  return {
    hide,
    show(words, x, y) {
      element.textContent = words
      element.hidden = false
      const { width, height } = element.getBoundingClientRect()
      const { clientWidth, clientHeight } = document.documentElement
      const below = y + AWAY + height < clientHeight
      const [left, top] = [Math.min(x + AWAY, clientWidth - width - 4), below ? y + AWAY : y - AWAY - height]
      element.style.left = `${Math.max(4, left) + scrollX}px`
      element.style.top = `${Math.max(4, top) + scrollY}px`
    },
  }
}

/** By mouse, pen or finger. */
export function pointAtMarks(figure: LiveFigure, tooltip: Tooltip): void {
  const { plot } = figure
  const answer = ({ clientX, clientY, pointerType }: PointerEvent) => {
    const { view } = figure
    const at = view && placement(view, plot)
    if (!view || !at) return
    const reach = REACH[pointerType as keyof typeof REACH] ?? REACH.mouse
    const [x, y] = [(clientX - at.left) / at.scale, (clientY - at.top) / at.scale]
    const mark = markAt(marksOf(view), x, y, reach)
    if (mark) tooltip.show(mark.say, clientX, clientY)
    else tooltip.hide()
  }
  plot.addEventListener('pointermove', answer)
  plot.addEventListener('pointerdown', answer)
  plot.addEventListener('pointerleave', ({ pointerType }) => pointerType !== 'touch' && tooltip.hide())
}
