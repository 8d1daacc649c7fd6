import type { TopLevelSpec } from 'vega-lite'
import type { Estimate, MetricInfo } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { clockOf, latencyMetric, type View } from '../data/view.ts'
import { formatInterval, formatLevel } from '../format.ts'
import { type Axis, fittingAxis, place, valueAt } from './axes.ts'
import { framed, INK, LATENCY_TICK, PAPER, quantitative, SIZE_TICK, verticalTitle, zoomable } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { placeLabels, shorten } from './labels.ts'

/** An arm by what it costs and how slow it is. */
interface CostPoint {
  readonly style: ArmStyle
  readonly cost: Estimate
  readonly latency: Estimate
}

const MEBI = 2 ** 20

interface Axes {
  readonly cost: MetricInfo
  readonly latency: MetricInfo
}

/** CPU or memory against a percentile, each with its 95 % interval: lower left is better. */
export function scatterChart(view: View, load: Load, resource: 'cpu' | 'memory'): Chart {
  const cost = view.metric(`mesh-${resource}`)
  const latency = view.metric(latencyMetric(view, load)) ?? view.metric('p99')
  const points = cost && latency ? pointsOf(view, load, { cost, latency }) : []
  const name = resource === 'cpu' ? 'CPU of the mesh' : 'Memory of the mesh'
  return {
    id: `${resource}-latency-${view.loads.indexOf(load)}`,
    title: `${name} against ${latency?.quantile === undefined ? 'latency' : view.state.quantile}, ${load.name}`,
    sentence: sentenceOf(points),
    drawing:
      cost && latency && points.length > 0
        ? (frame) => drawing(view, load, points, { cost, latency }, frame)
        : { reason: 'No chart: no trial of this load is valid and has its resource usage.' },
    columns: [
      { name: 'Arm' },
      ...boundsOf(name, cost?.unit ?? 'bytes'),
      ...boundsOf(latency?.title ?? 'Latency', 'seconds'),
    ],
    rows: points.map((point) => [
      point.style.name,
      ...[point.cost, point.latency].flatMap(({ center, lo, hi }) => [center, lo, hi]),
    ]),
  }
}

function boundsOf(name: string, unit: MetricInfo['unit']) {
  return [name, `${name}, from`, `${name}, to`].map((column) => ({ name: column, unit }))
}

function pointsOf(view: View, load: Load, { cost, latency }: Axes): CostPoint[] {
  return view.arms.flatMap((style) => {
    const [paid, slow] = [cost, latency].map(({ name }) => view.cell(style.name, load.name, name)?.estimate)
    return paid && slow ? [{ style, cost: paid, latency: slow }] : []
  })
}

/** Names the arms that no other arm beats on both axes. */
function sentenceOf(points: readonly CostPoint[]): string {
  const meshed = points.filter(({ style }) => style.role === 'other')
  const best = meshed.filter(
    (one) => !meshed.some((other) => other.cost.center < one.cost.center && other.latency.center < one.latency.center),
  )
  const names = list(best.map(({ style }) => style.name))
  if (best.length === 0) return 'Lower left is better. Only the baseline has both figures.'
  return best.length === 1
    ? `Lower left is better: of the other arms, ${names} has the lowest mean on both axes.`
    : `Lower left is better: of the other arms, none has lower means on both axes than ${names}.`
}

function reach({ center, lo = center, hi = center }: Estimate): number[] {
  return [center, lo, hi]
}

function drawing(view: View, load: Load, points: readonly CostPoint[], axes: Axes, frame: Frame): TopLevelSpec {
  const x = fittingAxis(
    points.flatMap(({ cost }) => reach(cost)),
    axes.cost.unit === 'bytes' ? MEBI : 1,
  )
  const y = fittingAxis(points.flatMap(({ latency }) => reach(latency)))
  const cross = { type: 'rule', strokeWidth: 1.5, opacity: 0.75, clip: frame.live } as const
  const stroke = { stroke: { field: 'color', scale: null } } as const
  const positions = {
    x: quantitative('x', x, {
      title:
        axes.cost.unit === 'bytes'
          ? 'Memory of the mesh at the end of the window'
          : 'CPU-seconds of the mesh per million requests',
      titlePadding: 10,
      ...(axes.cost.unit === 'bytes' ? { labelExpr: SIZE_TICK } : { format: ',~r' }),
    }),
    y: quantitative('y', y, {
      labelExpr: LATENCY_TICK,
      title: `${view.state.quantile}, ${clockOf(load, view.state)} time`,
      ...verticalTitle(frame),
    }),
  }
  return {
    ...framed(frame),
    data: { values: points.map((point) => row(point, axes)) },
    layer: [
      {
        mark: cross,
        encoding: { ...positions, ...stroke, x: { ...positions.x, field: 'xlo' }, x2: { field: 'xhi' } },
        ...zoomable(frame),
      },
      { mark: cross, encoding: { ...positions, ...stroke, y: { ...positions.y, field: 'ylo' }, y2: { field: 'yhi' } } },
      {
        mark: { type: 'point', filled: true, size: 110, stroke: PAPER, strokeWidth: 1.2, opacity: 1, clip: frame.live },
        encoding: {
          ...positions,
          fill: { field: 'color', scale: null },
          shape: { field: 'shape', scale: null },
        },
      },
      ...labels(points, x, y, positions, frame),
    ],
  }
}

function row({ style, cost, latency }: CostPoint, axes: Axes) {
  const words = (metric: MetricInfo, estimate: Estimate) => {
    const interval = formatInterval(estimate, (value) => formatLevel(metric.unit, value))
    return `${formatLevel(metric.unit, estimate.center)}${interval ? ` (${interval})` : ''}`
  }
  return {
    series: style.name,
    say: `${style.name}: ${words(axes.cost, cost)}, ${words(axes.latency, latency)}`,
    color: style.color,
    shape: style.shape,
    x: cost.center,
    xlo: cost.lo ?? cost.center,
    xhi: cost.hi ?? cost.center,
    y: latency.center,
    ylo: latency.lo ?? latency.center,
    yhi: latency.hi ?? latency.center,
  }
}

/** One layer for each label, at its point: alignment and offset cannot be data in Vega-Lite. */
function labels(points: readonly CostPoint[], x: Axis, y: Axis, positions: object, frame: Frame) {
  const width = plotWidth(frame)
  const height = plotHeight(frame)
  const wanted = points.map(({ style, cost, latency }) => ({
    x: place(x, cost.center) * width,
    y: (1 - place(y, latency.center)) * height,
    text: shorten(style.name, 22),
  }))
  return placeLabels(wanted, width, height).map(
    ({ text, align, dx, dy, x: left, y: top }) =>
      ({
        data: { values: [{ x: valueAt(x, left / width), y: valueAt(y, 1 - top / height) }] },
        mark: { type: 'text', align, dx, dy, baseline: 'middle', color: INK, text },
        encoding: positions,
      }) as const,
  )
}
