import type { TopLevelSpec } from 'vega-lite'
import type { Cell } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { clockOf, type View } from '../view.ts'
import { type Axis, fittingAxis, place } from './axes.ts'
import { framed, INK, LATENCY_TICK, PAPER, quantitative, verticalTitle } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { placeLabels, shorten } from './labels.ts'

export interface CostPoint {
  readonly style: ArmStyle
  readonly cpu: NonNullable<Cell['estimate']>
  readonly p99: NonNullable<Cell['estimate']>
}

/** Arms that have both a p99 and a CPU cost under a load. */
export function costPoints(view: View, load: Load): CostPoint[] {
  return view.arms.flatMap((style) => {
    const p99 = view.cell(style.name, load.name, 'p99')?.estimate
    const cpu = view.cell(style.name, load.name, 'cpu')?.estimate
    return p99 && cpu ? [{ style, p99, cpu }] : []
  })
}

/** CPU against p99, each with its 95 % interval: down and to the left is better. */
export function costScatter(view: View, load: Load, frame: Frame): TopLevelSpec {
  const points = costPoints(view, load)
  const x = fittingAxis(points.flatMap(({ cpu }) => [cpu.center, cpu.lo ?? cpu.center, cpu.hi ?? cpu.center]))
  const y = fittingAxis(points.flatMap(({ p99 }) => [p99.center, p99.lo ?? p99.center, p99.hi ?? p99.center]))
  const cross = { type: 'rule', strokeWidth: 1.5, opacity: 0.75 } as const
  const stroke = { stroke: { field: 'color', scale: null } } as const
  const positions = {
    x: quantitative('x', x, { format: ',~r', title: 'CPU-seconds per million requests', titlePadding: 10 }),
    y: quantitative('y', y, {
      labelExpr: LATENCY_TICK,
      title: `p99, ${clockOf(load)} time`,
      ...verticalTitle(frame),
    }),
  }
  return {
    ...framed(frame),
    data: { values: points.map(row) },
    layer: [
      { mark: cross, encoding: { ...positions, ...stroke, x: { ...positions.x, field: 'xlo' }, x2: { field: 'xhi' } } },
      { mark: cross, encoding: { ...positions, ...stroke, y: { ...positions.y, field: 'ylo' }, y2: { field: 'yhi' } } },
      {
        mark: { type: 'point', filled: true, size: 110, stroke: PAPER, strokeWidth: 1.2, opacity: 1 },
        encoding: {
          ...positions,
          fill: { field: 'color', scale: null },
          shape: { field: 'shape', scale: null },
        },
      },
      ...labels(points, x, y, frame),
    ],
  }
}

function row({ style, cpu, p99 }: CostPoint) {
  return {
    color: style.color,
    shape: style.shape,
    x: cpu.center,
    xlo: cpu.lo ?? cpu.center,
    xhi: cpu.hi ?? cpu.center,
    y: p99.center,
    ylo: p99.lo ?? p99.center,
    yhi: p99.hi ?? p99.center,
  }
}

/** One layer for each label: alignment and offset cannot be data in Vega-Lite. */
function labels(points: readonly CostPoint[], x: Axis, y: Axis, frame: Frame) {
  const width = plotWidth(frame)
  const height = plotHeight(frame)
  const wanted = points.map(({ style, cpu, p99 }) => ({
    x: place(x, cpu.center) * width,
    y: (1 - place(y, p99.center)) * height,
    text: shorten(style.name, 22),
  }))
  return placeLabels(wanted, width, height).map(
    ({ text, align, dx, dy, x: left, y: top }) =>
      ({
        data: { values: [{}] },
        mark: { type: 'text', align, dx, dy, baseline: 'middle', color: INK, text },
        encoding: { x: { value: left }, y: { value: top } },
      }) as const,
  )
}
