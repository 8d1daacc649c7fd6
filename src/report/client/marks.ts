import type { View } from 'vega'
import type { LiveFigure } from './live-figures.ts'

/** A mark that has words, with its box in pixels of the drawing. */
interface Mark {
  readonly series: string
  readonly say: string
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What a scene is made of, as far as it is read here. */
interface Scene {
  readonly marktype?: string
  readonly items?: readonly SceneItem[]
}

interface SceneItem extends Scene {
  readonly x?: number
  readonly y?: number
  readonly bounds?: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }
  readonly datum?: { readonly say?: unknown; readonly series?: unknown }
}

/** Of several marks that say the same, such as a point and its interval, the one that comes first here is shown. */
const ORDER = ['symbol', 'rect', 'arc', 'line', 'area', 'rule', 'text']
/** Half of the box around a point of a line. */
const POINT = 5

/** Every mark with words, in the order in which it is drawn. */
function marksOf(view: View): Mark[] {
  const { left, top } = view.padding() as { left: number; top: number }
  const [x = 0, y = 0] = view.origin()
  const found = new Map<string, { mark: Mark; rank: number }>()
  walk((view.scenegraph() as unknown as { root: Scene }).root, left + x, top + y, (mark, type) => {
    const key = JSON.stringify([mark.series, mark.say])
    const rank = ORDER.indexOf(type)
    const known = found.get(key)
    if (!known) found.set(key, { mark, rank })
    else if (rank < known.rank) Object.assign(known, { mark, rank })
  })
  return [...found.values()].map(({ mark }) => mark)
}

function walk(
  { marktype = '', items = [] }: Scene,
  x: number,
  y: number,
  take: (mark: Mark, type: string) => void,
): void {
  for (const item of items) {
    if (marktype === 'group') {
      for (const inner of item.items ?? []) walk(inner as Scene, x + (item.x ?? 0), y + (item.y ?? 0), take)
      continue
    }
    const { say, series } = item.datum ?? {}
    const box = boxOf(item, marktype)
    if (typeof say !== 'string' || !box) continue
    take({ series: String(series ?? ''), say, ...box, left: x + box.left, top: y + box.top }, marktype)
  }
}

/** A line has its points as items, and one box for all of them. */
function boxOf({ x, y, bounds }: SceneItem, type: string): Omit<Mark, 'series' | 'say'> | undefined {
  if (type === 'line' || type === 'area' || type === 'trail') {
    if (x === undefined || y === undefined) return undefined
    return { left: x - POINT, top: y - POINT, width: 2 * POINT, height: 2 * POINT }
  }
  if (!bounds || !Number.isFinite(bounds.x1)) return undefined
  const { x1, y1, x2, y2 } = bounds
  return { left: x1, top: y1, width: x2 - x1, height: y2 - y1 }
}

/** The mark under a point or next to it: none farther away than `reach`; of several the one whose middle is nearest. */
function markAt(marks: readonly Mark[], x: number, y: number, reach: number): Mark | undefined {
  let best: { mark: Mark; outside: number; middle: number } | undefined
  for (const mark of marks) {
    const { left, top, width, height } = mark
    const outside = Math.hypot(Math.max(left - x, 0, x - left - width), Math.max(top - y, 0, y - top - height))
    if (outside > reach) continue
    const middle = Math.hypot(left + width / 2 - x, top + height / 2 - y)
    if (best && (outside > best.outside || (outside === best.outside && middle >= best.middle))) continue
    best = { mark, outside, middle }
  }
  return best?.mark
}

/** How far from a mark it still answers, in pixels: a finger is wider than a pointer. */
const REACH = { mouse: 14, pen: 18, touch: 28 }
const AWAY = 14

/** The words of a mark beside the pointer, or beside the mark that the keyboard is at. */
interface Tooltip {
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

/** Where a live drawing stands in the window, and how many pixels of the window one of its own is. */
function placement(view: View, plot: HTMLElement): { left: number; top: number; scale: number } | undefined {
  const svg = plot.querySelector('.live svg')
  if (!svg) return undefined
  const { left, top, width } = svg.getBoundingClientRect()
  const { left: before, right: behind } = view.padding() as { left: number; right: number }
  return { left, top, scale: width / (view.width() + before + behind) }
}

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
function stepFrom(marks: readonly Mark[], current: Mark | undefined, step: Step): Mark | undefined {
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

/** One voice for the whole page. */
export interface Speaker {
  /** Id of the words on how charts are walked through. */
  readonly hint: string
  /** For who does not see the page. */
  say(words: string): void
  /** For everybody: shown for a moment too. */
  announce(words: string): void
}

const HINT = 'chart-keys'
const KEYS =
  'Left and right arrow keys go along a series, up and down to another one, Home and End to its ends, Escape leaves.'
/** Long enough to be read. */
const MOMENT = 4000

export function makeSpeaker(): Speaker {
  const hint = text('p', 'unseen', KEYS)
  hint.id = HINT
  hint.hidden = true
  const voice = text('p', 'unseen', '')
  voice.setAttribute('aria-live', 'polite')
  voice.id = 'spoken'
  const board = text('p', 'board', '')
  board.setAttribute('role', 'status')
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    hint: HINT,
    say(words) {
      voice.textContent = words
    },
    announce(words) {
      board.textContent = words
      clearTimeout(timer)
      timer = setTimeout(() => {
        board.textContent = ''
      }, MOMENT)
    },
  }
}

function text(tag: string, name: string, words: string): HTMLElement {
  const element = document.createElement(tag)
  element.className = name
  element.textContent = words
  document.body.append(element)
  return element
}
