import type { TopLevelSpec } from 'vega-lite'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'

import type { Chart } from '../chart.ts'
import { clockOf, type View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, place, scaledAxis } from './axes.ts'
import { framed, LATENCY_TICK, PAPER, quantitative, SHARE_TICK, verticalTitle, zoomable } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { shorten } from './labels.ts'
import { clockTitle, latencyAt, noClockReason, POOLED, type Series, seriesOf } from './spectrum.ts'
import { pixels } from './traced.ts'

/** Where markers stand and what the table behind the chart lists. */
const MARKED = [0.25, 0.5, 0.75, 0.9, 0.99] as const
/** What is rarer than this has its own chart, and would press everything else together. */
const HIGHEST = 0.9995
const LINE = 17
const LETTER = 7

/** The share of requests that were answered within a latency, by the headline clock; all valid trials together. */
export function ecdfChart(view: View, load: Load): Chart {
  const clock = clockOf(load, view.state)
  const series = seriesOf(view, load, clock).filter(({ spectrum }) => spectrum.some(({ latency }) => latency > 0))
  return {
    id: `distribution-${view.loads.indexOf(load)}`,
    title: `Share of requests within a ${clockTitle(clock).toLowerCase()}, ${load.name}, ${POOLED}`,
    sentence: sentenceOf(view, series),
    drawing:
      series.length > 0
        ? (frame) => drawing(view, series, clock, frame)
        : { reason: `No chart: ${noClockReason(view, load, clock)}` },
    columns: [
      { name: 'Arm' },
      ...MARKED.map((quantile) => ({ name: `${quantileName(quantile)}, pooled`, unit: 'seconds' as const })),
    ],
    rows: series.map((one) => [one.style.name, ...MARKED.map((quantile) => latencyAt(one.spectrum, quantile))]),
  }
}

/** "The middle half of requests took 0.8 to 1.2 ms with none …": of the baseline, and of the arm with the largest median. */
function sentenceOf({ state, baseline }: View, series: readonly Series[]): string {
  const known = series.flatMap(({ style, spectrum }) => {
    const [low, middle, high] = [0.25, 0.5, 0.75].map((quantile) => latencyAt(spectrum, quantile))
    return low === undefined || middle === undefined || high === undefined ? [] : [{ style, low, middle, high }]
  })
  const sorted = known.sort((a, b) => a.middle - b.middle)
  const first = sorted.find(({ style }) => style.name === baseline.name) ?? sorted[0]
  const last = sorted.findLast((one) => one !== first) ?? first
  if (!first || !last) return ''
  const range = ({ style, low, high }: typeof first) =>
    `${formatLevel('seconds', low)} to ${formatLevel('seconds', high)} with ${style.name}`
  const other = first === last ? '' : `, ${range(last)}`
  const left = state.excluded.length > 0 ? ' Trials that you left out are included.' : ''
  return `Of ${POOLED}, the middle half took ${range(first)}${other}.${left}`
}

function drawing(view: View, series: readonly Series[], clock: 'response' | 'service', frame: Frame): TopLevelSpec {
  const points = series.map((one) => ({ ...one, spectrum: one.spectrum.filter(isDrawn) }))
  const { scale } = view.state
  const x = scaledAxis(
    scale,
    points.flatMap(({ spectrum }) => spectrum.map(({ latency }) => latency)),
  )
  const y: Axis = { kind: 'linear', domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] }
  const positions = {
    x: quantitative('x', fitted(x, frame), {
      labelExpr: LATENCY_TICK,
      title: `${clockTitle(clock)}${scale === 'log' ? ' (log scale)' : ''}`,
      titlePadding: 10,
    }),
    y: quantitative('y', y, { labelExpr: SHARE_TICK, title: 'Share of requests', ...verticalTitle(frame) }),
  }
  return {
    ...framed(frame),
    layer: [
      {
        data: { values: points.flatMap((one) => line(one, x, frame)) },
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round', clip: frame.live },
        encoding: {
          ...positions,
          order: { field: 'y' },
          stroke: { field: 'color', scale: null },
          detail: { field: 'arm' },
          strokeDash: { field: 'dash', scale: null },
        },
        ...zoomable(frame),
      },
      {
        data: { values: points.flatMap(markers) },
        mark: { type: 'point', filled: true, size: 54, stroke: PAPER, strokeWidth: 1.2, opacity: 1, clip: frame.live },
        encoding: { ...positions, fill: { field: 'color', scale: null }, shape: { field: 'shape', scale: null } },
      },
      ...names(points, x, frame),
    ],
  }
}

function isDrawn({ quantile, latency }: Series['spectrum'][number]): boolean {
  return quantile > 0 && quantile <= HIGHEST && latency > 0
}

/** Labels of latencies take some sixty pixels: in a narrow frame every other tick is one too many. */
function fitted(axis: Axis, frame: Frame): Axis {
  const room = Math.max(2, Math.floor(plotWidth(frame) / 62))
  const step = Math.ceil(axis.ticks.length / room)
  return { ...axis, ticks: axis.ticks.filter((_, index) => index % step === 0) }
}

/** Points closer than three pixels to the one before are left out. */
function line({ style: { name, color, dash }, spectrum }: Series, x: Axis, frame: Frame) {
  let last = { x: Number.NEGATIVE_INFINITY, y: 0 }
  return spectrum.flatMap(({ quantile, latency }, index) => {
    const at = { x: place(x, latency) * plotWidth(frame), y: quantile * plotHeight(frame) }
    if (index < spectrum.length - 1 && Math.abs(at.x - last.x) < 3 && Math.abs(at.y - last.y) < 3) return []
    last = at
    return [{ arm: name, color, dash, x: latency, y: quantile }]
  })
}

function markers({ style: { name, color, shape }, spectrum }: Series) {
  return MARKED.flatMap((quantile) => {
    const latency = latencyAt(spectrum, quantile)
    if (latency === undefined) return []
    const say = `${name}, ${quantileName(quantile)} of ${POOLED}: ${formatLevel('seconds', latency)}`
    return [{ series: name, say, color, shape, x: latency, y: quantile }]
  })
}

/** In the corner that the curves leave free, below or above them, the fastest first: at their ends all of them meet. */
function names(series: readonly Series[], x: Axis, frame: Frame) {
  const sorted = series.toSorted((a, b) => (latencyAt(a.spectrum, 0.5) ?? 0) - (latencyAt(b.spectrum, 0.5) ?? 0))
  const most = Math.floor((plotWidth(frame) * 0.42) / LETTER)
  const longest = Math.max(...sorted.map(({ style }) => Math.min(style.name.length, most)))
  const tall = (sorted.length - 1) * LINE
  const isBelow = freeBelow(sorted, x, tall, frame) >= freeAbove(sorted, x, tall, frame)
  const left = isBelow ? plotWidth(frame) - longest * LETTER - 4 : 24
  const top = isBelow ? plotHeight(frame) - 10 - tall : 12
  const values = sorted.map(({ style: { name, color, shape } }, index) => {
    return { text: shorten(name, most), color, shape, y: top + index * LINE }
  })
  const y = pixels('y')
  const fill = { field: 'color', scale: null } as const
  const shape = { field: 'shape', scale: null } as const
  const point = { type: 'point', filled: true, size: 54, opacity: 1 } as const
  const text = { type: 'text', align: 'left', baseline: 'middle' } as const
  return [
    { data: { values }, mark: point, encoding: { x: { value: left - 10 }, y, fill, shape } },
    { data: { values }, mark: text, encoding: { x: { value: left }, y, text: { field: 'text' }, color: fill } },
  ]
}

/** Room right of the slowest curve, as high as the names are. */
function freeBelow(sorted: readonly Series[], x: Axis, tall: number, frame: Frame): number {
  const reached = sorted.map(({ spectrum }) => latencyAt(spectrum, (tall + 20) / plotHeight(frame)) ?? x.domain[0])
  return 1 - place(x, Math.max(...reached))
}

/** Room left of the fastest curve, from the top down as far as the names go. */
function freeAbove(sorted: readonly Series[], x: Axis, tall: number, frame: Frame): number {
  const reached = sorted.map(({ spectrum }) => latencyAt(spectrum, 1 - (tall + 22) / plotHeight(frame)) ?? x.domain[1])
  return place(x, Math.min(...reached))
}
