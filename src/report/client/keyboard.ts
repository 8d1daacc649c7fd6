import type { LiveFigure } from './live-figure.ts'
import { type Mark, marksOf } from './marks.ts'
import { placement } from './placement.ts'
import type { Speaker } from './speaker.ts'
import type { Tooltip } from './tooltip.ts'

const STEPS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'] as const
type Step = (typeof STEPS)[number]

/** Lets the keys walk through the marks of a chart: along a series and from one to the next. */
export function walkMarks(figure: LiveFigure, tooltip: Tooltip, speaker: Speaker): void {
  const { plot, id } = figure
  const ring = document.createElement('div')
  ring.className = 'ring'
  ring.hidden = true
  let current: Mark | undefined
  const leave = () => {
    current = undefined
    ring.hidden = true
    tooltip.hide()
  }
  plot.tabIndex = 0
  for (const [name, value] of Object.entries({
    role: 'group',
    'aria-roledescription': 'chart',
    'aria-labelledby': `${id}-title`,
    'aria-describedby': `${id}-sentence ${speaker.hint}`,
  })) {
    plot.setAttribute(name, value)
  }
  plot.addEventListener('blur', leave)
  plot.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return leave()
    const step = STEPS.find((key) => key === event.key)
    const { view } = figure
    if (!step || !view || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const next = stepFrom(marksOf(view), current, step)
    if (!next) return
    event.preventDefault()
    current = next
    speaker.say(next.say)
    const at = placement(view, plot)
    if (at) mark(plot, ring, next, at.scale)
    const { left, bottom } = ring.getBoundingClientRect()
    tooltip.show(next.say, left, bottom)
  })
}

/** Puts the ring around a mark, in the drawing that stands now. */
function mark(plot: HTMLElement, ring: HTMLElement, { left, top, width, height }: Mark, scale: number): void {
  const room = 4
  ring.hidden = false
  ring.style.left = `${left * scale - room}px`
  ring.style.top = `${top * scale - room}px`
  ring.style.width = `${width * scale + 2 * room}px`
  ring.style.height = `${height * scale + 2 * room}px`
  plot.querySelector('.live')?.append(ring)
  ring.scrollIntoView({ block: 'nearest', inline: 'nearest' })
}

/** The first key goes to the first mark. Another series is entered where it is nearest. */
export function stepFrom(marks: readonly Mark[], current: Mark | undefined, step: Step): Mark | undefined {
  const at = current && marks.find(({ series, say }) => series === current.series && say === current.say)
  if (!at) return marks[0]
  const series = [...new Set(marks.map((one) => one.series))]
  const own = marks.filter((one) => one.series === at.series)
  const place = own.indexOf(at)
  if (step === 'Home') return own[0]
  if (step === 'End') return own.at(-1)
  if (step === 'ArrowLeft') return own[Math.max(0, place - 1)]
  if (step === 'ArrowRight') return own[Math.min(own.length - 1, place + 1)]
  const index = series.indexOf(at.series) + (step === 'ArrowDown' ? 1 : -1)
  const name = series[Math.max(0, Math.min(series.length - 1, index))]
  if (name === at.series) return at
  const others = marks.filter((one) => one.series === name)
  return others.toSorted((a, b) => Math.abs(a.left - at.left) - Math.abs(b.left - at.left))[0]
}
