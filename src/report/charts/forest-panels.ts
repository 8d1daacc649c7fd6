import { type Axis, place } from './axes.ts'
import type { ForestPanel, ForestRow } from './forest-rows.ts'
import { type Frame, isNarrow } from './frame.ts'
import { ratioAxis, ratioTick } from './ratio-axis.ts'

export const ROW = 23
export const HEAD = 24
const FOOT = 24
export const LETTER = 6.6
/** Between the labels of two ticks. */
const APART = 10
/** Room of the figure at the end of a row. */
export const FIGURE = 50
/** From here on all panels stand in one line. */
const WIDE = 620
/** An interval from few blocks may be endless: the axis holds the estimates, and this much beyond them. */
const BEYOND = 3

/** A panel with its place in the drawing. */
export interface Placed extends ForestPanel {
  readonly axis: Axis
  readonly left: number
  readonly top: number
  /** Of the axis. */
  readonly width: number
  readonly hasFigures: boolean
  readonly isFirst: boolean
}

export function heightOf({ rows }: ForestPanel): number {
  return HEAD + rows.length * ROW + FOOT
}

/** Two in a line, or all of them where there is room. */
export function arranged(panels: readonly ForestPanel[], frame: Frame): Placed[] {
  const columns = frame.width >= WIDE ? Math.max(panels.length, 1) : 2
  const names = labelRoom(panels, frame)
  const each = (frame.width - 8 - names) / columns
  const hasFigures = each > 120
  const width = each - 12 - (hasFigures ? FIGURE : 10)
  return panels.map((panel, index) => ({
    ...panel,
    axis: axisOf(panel, width),
    left: names + (index % columns) * each + 12,
    top: Math.floor(index / columns) * (heightOf(panel) + 8),
    width,
    hasFigures,
    isFirst: index % columns === 0,
  }))
}

export function labelRoom(panels: readonly ForestPanel[], frame: Frame): number {
  const longest = Math.max(0, ...(panels[0]?.rows ?? []).map((row) => nameOf(row).length))
  return Math.min(Math.ceil(longest * LETTER), isNarrow(frame) ? 94 : 122)
}

function nameOf({ style }: ForestRow): string {
  return style.role === 'twin' ? `${style.name} (A/A)` : style.name
}

function axisOf({ rows, noise = 1 }: ForestPanel, width: number): Axis {
  const centers = rows.flatMap(({ ratio }) => (ratio ? [ratio.center] : []))
  const [least, most] = [Math.min(1, ...centers) / BEYOND, Math.max(1, ...centers) * BEYOND]
  const ends = rows.flatMap(({ ratio }) => [ratio?.lo ?? 1, ratio?.hi ?? 1])
  const held = [...ends, noise, 1 / noise].map((ratio) => Math.min(Math.max(ratio, least), most))
  return ratioAxis([...centers, ...held], (tick) => (ratioTick(tick).length * LETTER + APART) / width)
}

/** Of a ratio; what is beyond the axis is at its end. */
export function across({ axis, left, width }: Placed, ratio: number): number {
  return left + Math.min(Math.max(place(axis, ratio), 0), 1) * width
}

/** Of the middle of a row. */
export function down({ top }: Placed, index: number): number {
  return top + HEAD + (index + 0.5) * ROW
}
