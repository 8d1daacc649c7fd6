import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import { shorten, spread } from './labels.ts'
import type { Layer } from './layer.ts'
import { pixels } from './traced.ts'

/** Where a line ends, in pixels from the top of the plot, and what it is called. */
export interface LineEnd {
  readonly y: number
  readonly text: string
  readonly color: string
}

const LETTER = 7
const GAP = 9
const MOST = 17

/** Room at the right for names of lines; narrow frames have none, and leave names to the legend above the charts. */
export function roomForLabels(given: Frame, names: readonly string[]): Frame {
  if (isNarrow(given)) return given
  const longest = Math.min(Math.max(0, ...names.map(({ length }) => length)), MOST)
  return { ...given, right: Math.max(given.right, Math.ceil(longest * LETTER) + GAP + 4) }
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
  const values = ends.map(({ text, color }, index) => ({ text: shorten(text, MOST), color, y: places[index] ?? 0 }))
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
