import type { TopLevelSpec } from 'vega-lite'
import { type Clock, type Distribution, SPECTRUM_QUANTILES } from '../../model/analysis.ts'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { formatShare } from '../../model/units.ts'

import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, place, scaledAxis, valueAt } from './axes.ts'
import {
  framed,
  LATENCY_TICK,
  type Layer,
  PAPER,
  QUANTILE_TICK,
  quantitative,
  verticalTitle,
  zoomable,
} from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { endLabels, type LineEnd, roomForLabels } from './labels.ts'
import { dots } from './traced.ts'

/** Where markers stand and what the table behind the chart lists. */
const MARKED = [0.5, 0.75, 0.9, 0.99, 0.999, 0.9999] as const
const MEDIAN = 0.5

/** Both clocks, or one chart that says that they coincide. */
export function spectrumCharts(view: View, load: Load): Chart[] {
  const [response, service] = (['response', 'service'] as const).map((clock) => spectrumChart(view, load, clock))
  if (!response || !service) return []
  if (!coincide(view, load)) return [response, service]
  const title = `Response and service time, ${load.name}, ${POOLED}`
  const sentence = `${response.sentence} Service time is the same within ${formatShare(ALIKE)} at every percentile: no request waited behind another.`
  return [{ ...response, title, sentence }]
}

/** Least difference of two clocks that a reader could see. */
const ALIKE = 0.02

function coincide(view: View, load: Load): boolean {
  const service = new Map(seriesOf(view, load, 'service').map((one) => [one.style.name, one.spectrum]))
  const response = seriesOf(view, load, 'response')
  return (
    response.length > 0 &&
    response.length === service.size &&
    response.every(({ style, spectrum }) =>
      MARKED.every((quantile) => {
        const [one, other] = [spectrum, service.get(style.name) ?? []].map((points) => latencyAt(points, quantile))
        return one === other || Math.abs((one ?? 0) / (other ?? 0) - 1) <= ALIKE
      }),
    )
  )
}

/**
 * Latency over 1 / (1 − quantile): each step to the right is ten times rarer. A thick line for all valid trials together, a
 * thin one for each. Both clocks of a load share the axes, so that charts side by side can be compared.
 */
function spectrumChart(view: View, load: Load, clock: Clock): Chart {
  const series = upperHalf(seriesOf(view, load, clock))
  return {
    id: `spectrum-${view.loads.indexOf(load)}-${clock}`,
    title: `${clockTitle(clock)}, ${load.name}, ${POOLED}`,
    sentence: sentenceOf(view, series, clock),
    drawing:
      series.length > 0
        ? (frame) => drawing(view, load, clock, frame)
        : { reason: `No chart: ${noClockReason(view, load, clock)}` },
    columns: [
      { name: 'Arm' },
      ...MARKED.map((quantile) => ({ name: `${quantileName(quantile)}, pooled`, unit: 'seconds' as const })),
    ],
    rows: series.map((one) => [one.style.name, ...MARKED.map((quantile) => latencyAt(one.spectrum, quantile))]),
  }
}

/** Latency at a quantile: of the first point that reaches it; nothing where the distribution ends before. */
export function latencyAt(spectrum: Distribution['spectrum'], quantile: number): number | undefined {
  return spectrum.find((point) => point.quantile >= quantile - 1e-12)?.latency
}

function upperHalf(series: readonly Series[]): Series[] {
  return series.map(({ style, spectrum }) => ({
    style,
    spectrum: spectrum.filter(({ quantile, latency }) => quantile >= MEDIAN && quantile < 1 && latency > 0),
  }))
}

function sentenceOf(view: View, series: readonly Series[], clock: Clock): string {
  const parts = ([0.5, 0.99, 0.999] as const).flatMap((quantile) => rangeAt(series, quantile) ?? [])
  const left = view.state.excluded.length > 0 ? ' The thick lines include trials that you left out.' : ''
  return parts.length === 0
    ? ''
    : `Of ${POOLED}, not the mean over trials: by ${clock} time, ${parts.join('; ')}.${left}`
}

/** "p99 is 960 µs with none and up to 2.2 ms with istio-sidecar" */
function rangeAt(series: readonly Series[], quantile: number): string | undefined {
  const found = series.flatMap(({ style, spectrum }) => {
    const latency = latencyAt(spectrum, quantile)
    return latency === undefined ? [] : [{ name: style.name, latency }]
  })
  const sorted = found.sort((a, b) => a.latency - b.latency)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (!least || !most) return undefined
  const of = ({ name, latency }: typeof least) => `${formatLevel('seconds', latency)} with ${name}`
  return least === most
    ? `${quantileName(quantile)} is ${of(least)}`
    : `${quantileName(quantile)} goes from ${of(least)} to ${of(most)}`
}

function drawing(view: View, load: Load, clock: Clock, given: Frame): TopLevelSpec {
  const series = upperHalf(seriesOf(view, load, clock))
  const frame = roomForLabels(
    given,
    series.map(({ style }) => style.name),
  )
  const other = upperHalf(seriesOf(view, load, clock === 'response' ? 'service' : 'response'))
  const y = scaledAxis(
    view.state.scale,
    [...series, ...other].flatMap((one) => one.spectrum.map(({ latency }) => latency)),
  )
  const x = quantileAxis([...series, ...other])
  const positions = {
    x: quantitative('x', x, {
      labelExpr: QUANTILE_TICK,
      title: `Percentile of requests by ${clock} time (%)`,
      titlePadding: 10,
    }),
    y: quantitative('y', y, {
      labelExpr: LATENCY_TICK,
      title: `Latency${view.state.scale === 'log' ? ' (log scale)' : ''}`,
      ...verticalTitle(frame),
    }),
  }
  const stroke = { stroke: { field: 'color', scale: null } } as const
  return {
    ...framed(frame),
    layer: [
      {
        data: { values: thinLines(view, load, clock, x, y) },
        mark: { type: 'line', strokeWidth: 0.7, opacity: 0.4, clip: frame.live, invalid: 'break-paths-show-domains' },
        encoding: {
          ...positions,
          ...stroke,
          detail: { field: 'arm' },
          order: { field: 'place', type: 'quantitative' },
        },
        ...zoomable(frame),
      },
      {
        data: { values: series.flatMap((one) => line(one, x, y, frame)) },
        mark: { type: 'line', strokeWidth: 2.2, strokeJoin: 'round', clip: frame.live },
        encoding: { ...positions, ...stroke, detail: { field: 'arm' }, strokeDash: { field: 'dash', scale: null } },
      },
      markerLayer(series, x, y, positions, frame),
      ...endLabels(lineEnds(series, y, frame), frame),
    ],
  }
}

function quantileAxis(series: readonly Series[]): Axis {
  const rarest = Math.max(10, ...series.map((one) => rarity(one.spectrum.at(-1)?.quantile ?? 0)))
  const decades = Array.from({ length: Math.floor(Math.log10(rarest) + 1e-9) }, (_, index) => 10 ** (index + 1))
  return { kind: 'log', domain: [rarity(MEDIAN), rarest], ticks: [2, ...decades] }
}

function rarity(quantile: number): number {
  return 1 / (1 - quantile)
}

/** The trials of an arm are one broken line, which takes far fewer bytes; a tail that leaves the axes is cut off. */
function thinLines(view: View, load: Load, clock: Clock, x: Axis, y: Axis) {
  const color = new Map(view.arms.map((style) => [style.name, style.color]))
  return view.data.spectra
    .filter((one) => one.load === load.name && one.clock === clock && color.has(one.arm))
    .filter(({ trial }) => !view.state.excluded.includes(trial))
    .flatMap(({ arm, latencies }) => {
      const points = latencies.map((latency, index) => ({ x: rarity(SPECTRUM_QUANTILES[index] ?? MEDIAN), y: latency }))
      const inside = points.filter((point) => point.y > 0 && point.y <= y.domain[1] && point.x <= x.domain[1])
      const same = { arm, color: color.get(arm) }
      return [...inside.map((point) => ({ ...same, ...point })), { ...same, x: x.domain[1], y: null }]
    })
    .map((point, place) => ({ ...point, place }))
}

/** Points closer than a pixel and a half in both directions add bytes, not knowledge. */
function line({ style, spectrum }: Series, x: Axis, y: Axis, frame: Frame) {
  const kept: object[] = []
  let last = { x: Number.NEGATIVE_INFINITY, y: 0 }
  for (const [index, point] of spectrum.entries()) {
    const at = {
      x: place(x, rarity(point.quantile)) * plotWidth(frame),
      y: place(y, point.latency) * plotHeight(frame),
    }
    if (index < spectrum.length - 1 && Math.abs(at.x - last.x) < 1.5 && Math.abs(at.y - last.y) < 1.5) continue
    last = at
    const { name, color, dash } = style
    kept.push({ arm: name, color, dash, x: rarity(point.quantile), y: point.latency })
  }
  return kept
}

/** Where they can be zoomed they follow the axes; drawn once, those of an arm are one path. */
function markerLayer(series: readonly Series[], x: Axis, y: Axis, positions: object, frame: Frame): Layer {
  const all = series.flatMap(markers)
  if (!frame.live) {
    const [width, height] = [plotWidth(frame), plotHeight(frame)]
    return dots(
      all.map((one) => ({ ...one, x: place(x, one.x) * width, y: (1 - place(y, one.y)) * height })),
      3.7,
      frame,
    )
  }
  return {
    data: { values: all },
    mark: { type: 'point', filled: true, size: 54, stroke: PAPER, strokeWidth: 1.2, opacity: 1, clip: true },
    encoding: { ...positions, fill: { field: 'color', scale: null }, shape: { field: 'shape', scale: null } },
  }
}

function markers({ style: { name, color, shape }, spectrum }: Series) {
  return MARKED.flatMap((quantile) => {
    const latency = latencyAt(spectrum, quantile)
    if (latency === undefined) return []
    const say = `${name}, ${quantileName(quantile)} of ${POOLED}: ${formatLevel('seconds', latency)}`
    return [{ series: name, say, color, shape, x: rarity(quantile), y: latency }]
  })
}

/** The line's end as the label stands beside it. */
function lineEnds(series: readonly Series[], y: Axis, frame: Frame): LineEnd[] {
  return series.map(({ style: { name, color }, spectrum }) => ({
    text: name,
    color,
    y: (1 - place(y, spectrum.at(-1)?.latency ?? valueAt(y, 0))) * plotHeight(frame),
  }))
}

/** The label of every figure from merged distributions, which differ from means over trials. */
export const POOLED = 'all requests of all blocks together'

/** The merged distribution of one arm. */
export interface Series {
  readonly style: ArmStyle
  readonly spectrum: Distribution['spectrum']
}

/** Distributions of a load by one clock, arms in order; those with fewer than two points are left out. */
export function seriesOf(view: View, load: Load, clock: Clock): Series[] {
  return view.arms.flatMap((style) => {
    const found = view.data.distributions.find(
      (one) => one.arm === style.name && one.load === load.name && one.clock === clock,
    )
    return found && found.spectrum.length > 1 ? [{ style, spectrum: found.spectrum }] : []
  })
}

export function clockTitle(clock: Clock): string {
  return clock === 'response' ? 'Response time' : 'Service time'
}

/** Why a load has no distribution by a clock. */
export function noClockReason(view: View, load: Load, clock: Clock): string {
  const other = clock === 'response' ? 'service' : 'response'
  if (seriesOf(view, load, other).length === 0) return 'no trial of this load is valid.'
  return clock === 'response'
    ? 'this load sends as soon as it has an answer, so no request has an intended send time.'
    : 'the load tool did not record this clock.'
}
