import type { TopLevelSpec } from 'vega-lite'
import type { Estimate, Sweep, SweepCurve } from '../../model/analysis.ts'
import { formatRate } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatInterval, formatLevel } from '../format.ts'
import { type Axis, place, scaledAxis } from './axes.ts'
import { framed, LATENCY_TICK, type Layer, PAPER, quantitative, verticalTitle } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { callouts, endLabels, roomForLabels } from './labels.ts'

/** Latency over the rate: flat while an arm keeps up, and steep from its knee on. */
export function sweepCharts(view: View): Chart[] {
  return view.data.sweeps.map((sweep, index) => sweepChart(view, sweep, index))
}

function sweepChart(view: View, sweep: Sweep, index: number): Chart {
  const quantile: Quantile = view.state.quantile === 'p50' ? 'p50' : 'p99'
  const curves = curvesOf(view, sweep, quantile)
  const drawn = curves.filter(({ points }) => points.length > 0)
  const rates = new Set(drawn.flatMap(({ points }) => points.map(({ rate }) => rate)))
  const [first, last] = [sweep.loads[0] ?? '', sweep.loads.at(-1) ?? '']
  return {
    id: `sweep-${index}`,
    title: `${quantile} by rate, ${first} to ${last}`,
    sentence: rates.size > 1 ? sentenceOf(curves, quantile) : '',
    drawing:
      rates.size > 1
        ? (frame) => sweepSpec(view.state.scale, drawn, quantile, frame)
        : { reason: 'No chart: fewer than two rates have a valid trial.' },
    columns: [
      { name: 'Arm' },
      { name: 'Load' },
      { name: 'Rate', unit: 'per-second' },
      { name: quantile, unit: 'seconds' },
      { name: 'From', unit: 'seconds' },
      { name: 'To', unit: 'seconds' },
      { name: 'Trials', unit: 'dimensionless' },
    ],
    rows: curves.flatMap(({ style, points }) =>
      points.map(({ load, rate, latency: { center, lo, hi, n } }) => [style.name, load, rate, center, lo, hi, n]),
    ),
  }
}

function curvesOf(view: View, sweep: Sweep, quantile: Quantile): Curve[] {
  return view.arms.flatMap((style) => {
    const curve = sweep.curves.find(({ arm }) => arm === style.name)
    if (!curve) return []
    const points = curve.points.flatMap(({ load, rate, [quantile]: latency }) =>
      latency && latency.center > 0 ? [{ load, rate, latency }] : [],
    )
    return [{ style, points, knee: curve.knee, rates: new Map(curve.points.map(({ load, rate }) => [load, rate])) }]
  })
}

function sentenceOf(curves: readonly Curve[], quantile: Quantile): string {
  const broken = curves.filter(({ knee }) => knee)
  const held = curves.filter(({ knee, points }) => !knee && points.length > 0)
  const slowest = held.flatMap(({ style, points }) => {
    const last = points.at(-1)
    return last ? [{ name: style.name, rate: last.rate, center: last.latency.center }] : []
  })
  const worst = slowest.sort((a, b) => b.center - a.center)[0]
  const carried =
    held.length === 0 || !worst
      ? ''
      : `${list(held.map(({ style }) => style.name))} carried every rate; at ${formatRate(worst.rate)} the highest ${quantile} is ${formatLevel('seconds', worst.center)}, with ${worst.name}.`
  return [...broken.map(kneeText), carried].filter(Boolean).join(' ')
}

/** An arm's percentile at every rate that has one. */
interface Curve {
  readonly style: ArmStyle
  readonly points: readonly { readonly load: string; readonly rate: number; readonly latency: Estimate }[]
  readonly knee: SweepCurve['knee']
  readonly rates: ReadonlyMap<string, number>
}

/** Curves have these two; another percentile is shown as the nearer of them, and the title says which. */
type Quantile = 'p50' | 'p99'

/** "linkerd carried 1,000/s and failed at 2,000/s: why." */
function kneeText({ style, knee, rates }: Curve): string {
  if (!knee) return ''
  const rate = (load: string) => formatRate(rates.get(load) ?? Number.NaN)
  const carried = knee.carried === undefined ? '' : `carried ${rate(knee.carried)} and `
  return `${style.name} ${carried}failed at ${rate(knee.broke)}: ${knee.why.replace(/\.$/, '')}.`
}

/** A line for each arm, hollow where it no longer keeps up. */
function sweepSpec(scale: 'log' | 'linear', curves: readonly Curve[], quantile: Quantile, given: Frame): TopLevelSpec {
  const names = curves.map(({ style }) => style.name)
  const frame = roomForLabels(given, names)
  const { x, y } = axesOf(scale, curves)
  const positions = {
    x: quantitative('x', x, {
      title: 'Target rate, requests per second (log scale)',
      titlePadding: 10,
      format: ',~r',
      labelOverlap: 'greedy' as const,
    }),
    y: quantitative('y', y, {
      labelExpr: LATENCY_TICK,
      title: `${quantile}${scale === 'log' ? ' (log scale)' : ''}`,
      ...verticalTitle(frame),
    }),
  }
  const ends = curves.map((curve) => endOf(curve, y, frame))
  return {
    ...framed(frame),
    data: { values: curves.flatMap((curve) => curve.points.map((point) => row(curve, point, quantile))) },
    layer: [
      ...lines(positions),
      rings(curves, positions),
      ...kneeNames(curves, x, y, frame),
      ...endLabels(ends, frame),
    ],
  }
}

function axesOf(scale: 'log' | 'linear', curves: readonly Curve[]): { readonly x: Axis; readonly y: Axis } {
  const points = curves.flatMap((curve) => curve.points)
  const reach = points.flatMap(({ latency: { center, lo = center, hi = center } }) => [lo, center, hi])
  const rates = [...new Set(points.map(({ rate }) => rate))].sort((a, b) => a - b)
  const [least = 1, most = 1] = [rates[0], rates.at(-1)]
  return {
    x: { kind: 'log', domain: [least / 1.08, most * 1.08], ticks: rates },
    y: scaledAxis(scale, reach),
  }
}

/** Intervals, lines and marks. */
function lines<X extends object, Y extends object>(positions: { readonly x: X; readonly y: Y }): Layer[] {
  const stroke = { stroke: { field: 'color', scale: null } } as const
  const fill = { fill: { field: 'fill', scale: null }, shape: { field: 'shape', scale: null } } as const
  return [
    {
      mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.6 },
      encoding: { ...positions, ...stroke, y: { ...positions.y, field: 'lo' }, y2: { field: 'hi' } },
    },
    {
      mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
      encoding: { ...positions, ...stroke, detail: { field: 'series' }, strokeDash: { field: 'dash', scale: null } },
    },
    {
      mark: { type: 'point', filled: true, size: 64, strokeWidth: 1.5, opacity: 1 },
      encoding: { ...positions, ...stroke, ...fill },
    },
  ]
}

/** One mark, hollow from the knee on, where the arm no longer keeps up. */
function row({ style, knee, rates }: Curve, { load, rate, latency }: Curve['points'][number], quantile: Quantile) {
  const isBroken = knee !== undefined && rate >= (rates.get(knee.broke) ?? Number.POSITIVE_INFINITY)
  const { center, lo = center, hi = center } = latency
  const interval = formatInterval(latency, (value) => formatLevel('seconds', value))
  const figure = `${formatLevel('seconds', center)}${interval ? ` (${interval})` : ''}`
  const say = `${style.name}, ${load} at ${formatRate(rate)}, ${quantile}: ${figure}${isBroken ? ', does not keep up' : ''}`
  const { name, color, dash, shape } = style
  return { series: name, say, color, dash, shape, fill: isBroken ? PAPER : color, x: rate, y: center, lo, hi }
}

/** A ring around the last rate that an arm carried. */
function rings(curves: readonly Curve[], positions: object): Layer {
  const values = kneesOf(curves).map(({ curve, point }) => {
    const { name, color } = curve.style
    return { series: name, say: kneeText(curve), color, x: point.rate, y: point.latency.center }
  })
  return {
    data: { values },
    mark: { type: 'point', size: 260, filled: false, strokeWidth: 1.5, opacity: 1 },
    encoding: { ...positions, stroke: { field: 'color', scale: null } },
  }
}

function kneesOf(curves: readonly Curve[]) {
  return curves.flatMap((curve) => {
    const point = curve.points.find(({ load }) => load === curve.knee?.carried)
    return point ? [{ curve, point }] : []
  })
}

/** The last rate that was carried, beside its ring. */
function kneeNames(curves: readonly Curve[], x: Axis, y: Axis, frame: Frame): Layer[] {
  const at = ({ rate, latency }: Curve['points'][number]) => ({
    x: place(x, rate) * plotWidth(frame),
    y: (1 - place(y, latency.center)) * plotHeight(frame),
  })
  const wanted = kneesOf(curves).map(({ curve, point }) => {
    return { ...at(point), text: `carried ${formatRate(point.rate)}`, color: curve.style.color }
  })
  return callouts(
    wanted,
    curves.map(({ points }) => points.map(at)),
    frame,
  )
}

function endOf({ style, points }: Curve, y: Axis, frame: Frame) {
  const latency = points.at(-1)?.latency.center ?? y.domain[0]
  return { text: style.name, color: style.color, y: (1 - place(y, latency)) * plotHeight(frame) }
}
