import type { TopLevelSpec } from 'vega-lite'
import type { Clock, Distribution } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { View } from '../view.ts'
import { type Axis, logAxis, place, valueAt } from './axes.ts'
import { framed, LATENCY_TICK, PAPER, QUANTILE_TICK, quantitative, verticalTitle } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { shorten, spread } from './labels.ts'

/** Where markers stand and what the table behind the chart lists. */
export const MARKED = [0.5, 0.75, 0.9, 0.99, 0.999, 0.9999] as const
const MEDIAN = 0.5
const LABEL_ROOM = 128

interface Series {
  readonly style: ArmStyle
  readonly spectrum: Distribution['spectrum']
}

/** Distributions of a load by one clock from the median up, arms in order; those without points are left out. */
export function seriesOf(view: View, load: Load, clock: Clock): Series[] {
  return view.arms.flatMap((style) => {
    const found = view.analysis.distributions.find(
      (one) => one.arm === style.name && one.load === load.name && one.clock === clock,
    )
    const spectrum =
      found?.spectrum.filter(({ quantile, latency }) => quantile >= MEDIAN && quantile < 1 && latency > 0) ?? []
    return spectrum.length < 2 ? [] : [{ style, spectrum }]
  })
}

/** Latency at a quantile: of the first point that reaches it; nothing where the distribution ends before. */
export function latencyAt(spectrum: Distribution['spectrum'], quantile: number): number | undefined {
  return spectrum.find((point) => point.quantile >= quantile - 1e-12)?.latency
}

/**
 * Latency over 1 / (1 − quantile), both logarithmic: each step to the right is ten times rarer.
 * All clocks of a load share the vertical axis, so that charts side by side can be compared.
 */
export function spectrum(view: View, load: Load, clock: Clock, given: Frame): TopLevelSpec {
  const frame = given.name === 'wide' ? { ...given, right: LABEL_ROOM } : given
  const series = seriesOf(view, load, clock)
  const shared = [...series, ...seriesOf(view, load, clock === 'response' ? 'service' : 'response')]
  const y = logAxis(shared.flatMap((one) => one.spectrum.map(({ latency }) => latency)))
  const x = quantileAxis(series)
  const positions = {
    x: quantitative('x', x, {
      labelExpr: QUANTILE_TICK,
      title: `Percentile of requests by ${clock} time (%)`,
      titlePadding: 10,
    }),
    y: quantitative('y', y, { labelExpr: LATENCY_TICK, title: 'Latency (log scale)', ...verticalTitle(frame) }),
  }
  return {
    ...framed(frame),
    layer: [
      {
        data: { values: series.flatMap((one) => line(one, x, y, frame)) },
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
        encoding: {
          ...positions,
          detail: { field: 'arm' },
          stroke: { field: 'color', scale: null },
          strokeDash: { field: 'dash', scale: null },
        },
      },
      {
        data: { values: series.flatMap(markers) },
        mark: { type: 'point', filled: true, size: 54, stroke: PAPER, strokeWidth: 1.2, opacity: 1 },
        encoding: { ...positions, fill: { field: 'color', scale: null }, shape: { field: 'shape', scale: null } },
      },
      ...(frame.name === 'wide' ? [endLabels(series, positions.y, y, frame)] : []),
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

function markers({ style, spectrum }: Series) {
  return MARKED.flatMap((quantile) => {
    const latency = latencyAt(spectrum, quantile)
    return latency === undefined ? [] : [{ color: style.color, shape: style.shape, x: rarity(quantile), y: latency }]
  })
}

function endLabels(series: readonly Series[], channel: ReturnType<typeof quantitative>, y: Axis, frame: Frame) {
  const height = plotHeight(frame)
  const ends = spread(
    series.map((one) => place(y, one.spectrum.at(-1)?.latency ?? 0) * height),
    15,
    height,
  )
  const values = series.map(({ style }, index) => ({
    color: style.color,
    text: shorten(style.name, 19),
    y: valueAt(y, (ends[index] ?? 0) / height),
  }))
  return {
    data: { values },
    mark: { type: 'text', align: 'left', baseline: 'middle' },
    encoding: {
      x: { value: plotWidth(frame) + 9 },
      y: channel,
      text: { field: 'text' },
      color: { field: 'color', scale: null },
    },
  } as const
}
