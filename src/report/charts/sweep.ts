import { list } from '../../analyse/wording.ts'
import type { Sweep } from '../../model/analysis.ts'
import { formatRate } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import { formatLevel } from '../figures.ts'
import type { View } from '../view.ts'
import { type Curve, kneeText, type Quantile, sweepSpec } from './sweep-drawn.ts'

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
    title: `${quantile} as the rate grows, ${first} to ${last}`,
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
      : `${list(held.map(({ style }) => style.name))} carried every rate; at ${formatRate(worst.rate)} the highest ${quantile} of them is ${formatLevel('seconds', worst.center)}, with ${worst.name}.`
  return [...broken.map(kneeText), carried].filter(Boolean).join(' ')
}
