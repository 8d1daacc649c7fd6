import { MUTED } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import type { Layer } from './layer.ts'
import { pixels } from './traced.ts'

/** Words at a place of the plot, in pixels. */
export interface Callout {
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

const LETTER = 7
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
  const long = callout.text.length * LETTER
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
