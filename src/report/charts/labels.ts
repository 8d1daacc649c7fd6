import { type Layer, MUTED } from './config.ts'
import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import { pixels } from './traced.ts'

/** Keeps labels in one column apart: each at least `gap` from the next, within 0 and `length`, moved as little as a single pass can. */
export function spread(positions: readonly number[], gap: number, length: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0))
  const placed = [...positions]
  let floor = 0
  for (const index of order) {
    placed[index] = Math.max(positions[index] ?? 0, floor)
    floor = (placed[index] ?? 0) + gap
  }
  let ceiling = length
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] ?? 0, ceiling)
    ceiling = (placed[index] ?? 0) - gap
  }
  return placed
}

interface Point {
  readonly x: number
  readonly y: number
  readonly text: string
}

interface Placed extends Point {
  readonly align: 'left' | 'right' | 'center'
  readonly dx: number
  readonly dy: number
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const LETTER = 6.6
const LINE = 15
const SPOTS = [
  { align: 'left', dx: 10, dy: -9 },
  { align: 'right', dx: -10, dy: -9 },
  { align: 'left', dx: 10, dy: 11 },
  { align: 'right', dx: -10, dy: 11 },
  { align: 'center', dx: 0, dy: -18 },
  { align: 'center', dx: 0, dy: 20 },
  { align: 'left', dx: 10, dy: -26 },
  { align: 'right', dx: -10, dy: -26 },
  { align: 'left', dx: 10, dy: 28 },
  { align: 'right', dx: -10, dy: 28 },
] as const

/** Puts each label beside its point where it meets no other label or point and stays inside; leaves out what finds no room. */
export function placeLabels(points: readonly Point[], width: number, height: number): Placed[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  const placed: Placed[] = []
  for (const point of points) {
    for (const spot of SPOTS) {
      const box = boxOf(point, spot)
      const inside = box.left >= 0 && box.right <= width && box.top >= -8 && box.bottom <= height
      if (!inside || taken.some((other) => meets(box, other))) continue
      taken.push(box)
      placed.push({ ...point, ...spot })
      break
    }
  }
  return placed
}

function boxOf({ x, y, text }: Point, { align, dx, dy }: (typeof SPOTS)[number]): Box {
  const long = text.length * LETTER
  const left = x + dx - (align === 'left' ? 0 : align === 'right' ? long : long / 2)
  return { left, right: left + long, top: y + dy - LINE / 2, bottom: y + dy + LINE / 2 }
}

function meets(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/** Cut to a length with an ellipsis; the whole name stands in the legend and the table. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** Where a line ends, in pixels from the top of the plot, and what it is called. */
export interface LineEnd {
  readonly y: number
  readonly text: string
  readonly color: string
}

const LABEL_LETTER = 7
const GAP = 9

/** Letters of a name beside the plot: as many as a third of the chart holds. */
function most({ width }: Frame): number {
  return Math.max(Math.floor(width / 3 / LABEL_LETTER), 13)
}

/** Names at the left of rows: room for the longest, and how a cut one is written. */
export function namesAtLeft(frame: Frame, names: readonly string[]) {
  const length = Math.min(Math.max(0, ...names.map((name) => name.length)), most(frame))
  return { left: Math.ceil(length * LABEL_LETTER) + GAP, labelExpr: `truncate(datum.label, ${length})` }
}

/** Room at the right for names of lines; narrow frames have none, and leave names to the legend above the charts. */
export function roomForLabels(given: Frame, names: readonly string[]): Frame {
  if (isNarrow(given)) return given
  const longest = Math.min(Math.max(0, ...names.map(({ length }) => length)), most(given))
  return { ...given, right: Math.max(given.right, Math.ceil(longest * LABEL_LETTER) + GAP + 4) }
}

/** Names of lines beside their ends; nothing in a narrow frame. */
export function endLabels(ends: readonly LineEnd[], frame: Frame): Layer[] {
  return isNarrow(frame) ? [] : [labelColumn(ends, frame)]
}

/** Names beside the plot, apart from each other, however narrow the frame: for charts that no legend explains. */
export function labelColumn(ends: readonly LineEnd[], frame: Frame): Layer {
  const places = spread(
    ends.map(({ y }) => y),
    15,
    plotHeight(frame),
  )
  const values = ends.map(({ text, color }, index) => ({
    text: shorten(text, most(frame)),
    color,
    y: places[index] ?? 0,
  }))
  return {
    data: { values },
    // Beside the plot: where axes can be zoomed, Vega-Lite clips what does not say otherwise.
    mark: { type: 'text', align: 'left', baseline: 'middle', clip: false },
    encoding: {
      x: { value: plotWidth(frame) + GAP },
      y: pixels('y'),
      text: { field: 'text' },
      color: { field: 'color', scale: null },
    },
  }
}

/** Words at a place of the plot, in pixels. */
interface Callout {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly color: string
}

interface Spot extends Callout {
  /** Where the text begins and ends, and the height of its middle. */
  readonly left: number
  readonly right: number
  readonly at: number
}

interface Place {
  readonly x: number
  readonly y: number
}

const CALLOUT_LETTER = 7
const HALF = 8
/** Distances to look at, nearest first. */
const DISTANCES = [-20, 20, -36, 36, -54, 54, -74, 74, -96, 96, -120, 120] as const

/** Words beside their places, clear of lines and of each other, with a leader where they stand away; left out where there is no room. */
export function callouts(wanted: readonly Callout[], lines: readonly (readonly Place[])[], frame: Frame): Layer[] {
  const taken = lines.flatMap(between)
  const placed: Spot[] = []
  // From the top down: leaders that go up then cross no words.
  for (const callout of wanted.toSorted((a, b) => a.y - b.y)) {
    const spot = spotsOf(callout, plotWidth(frame)).find((one) => isFree(one, taken, placed, frame))
    if (spot) placed.push(spot)
  }
  return [leaders(placed), words(placed)]
}

/** Before, over and behind its place; moved inwards where it would leave the plot. */
function spotsOf(callout: Callout, width: number): Spot[] {
  const long = callout.text.length * CALLOUT_LETTER
  return DISTANCES.flatMap((distance) =>
    [4 - long, -long / 2, -4].map((offset) => {
      const left = Math.min(Math.max(callout.x + offset, 0), Math.max(width - long, 0))
      return { ...callout, left, right: left + long, at: callout.y + distance }
    }),
  )
}

function isFree(spot: Spot, taken: readonly Place[], placed: readonly Spot[], frame: Frame): boolean {
  const { left, right } = spot
  if (right > plotWidth(frame) || spot.at < 6 || spot.at > plotHeight(frame) - 6) return false
  const hits = taken.some(({ x, y }) => x > left - 3 && x < right + 3 && Math.abs(y - spot.at) < HALF + 2)
  const meets = placed.some((other) => {
    return other.left < right + 6 && left < other.right + 6 && Math.abs(other.at - spot.at) < 2 * HALF
  })
  return !hits && !meets
}

/** Places along a line, so close that no word fits between them. */
function between(points: readonly Place[]): Place[] {
  return points.flatMap(({ x, y }, index) => {
    const next = points[index + 1] ?? { x, y }
    const steps = Math.max(1, Math.ceil(Math.hypot(next.x - x, next.y - y) / 8))
    return Array.from({ length: steps }, (_, step) => ({
      x: x + (step / steps) * (next.x - x),
      y: y + (step / steps) * (next.y - y),
    }))
  })
}

function leaders(placed: readonly Spot[]): Layer {
  const values = placed
    .filter(({ y, at }) => Math.abs(at - y) > 24)
    .map(({ x, y, at }) => ({ x, y: y + Math.sign(at - y) * 9, y2: at - Math.sign(at - y) * HALF }))
  return {
    data: { values },
    mark: { type: 'rule', color: MUTED, strokeWidth: 0.8 },
    encoding: { x: pixels('x'), y: pixels('y'), y2: { field: 'y2' } },
  }
}

function words(placed: readonly Spot[]): Layer {
  const values = placed.map(({ left, right, at, text, color }) => ({ x: (left + right) / 2, at, text, color }))
  return {
    data: { values },
    mark: { type: 'text', align: 'center', baseline: 'middle' },
    encoding: { x: pixels('x'), y: pixels('at'), text: { field: 'text' }, color: { field: 'color', scale: null } },
  }
}
