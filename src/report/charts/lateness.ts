import type { TopLevelSpec } from 'vega-lite'
import type { Load } from '../../model/scenario.ts'
import type { Chart } from '../chart.ts'
import type { Lateness } from '../data/page-data.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, logAxis } from './axes.ts'
import { framed, INK, LATENCY_TICK, MUTED, PAPER, quantitative } from './config.ts'
import { type Frame, isNarrow } from './frame.ts'
import { namesAtLeft } from './labels.ts'

const ROW = 38
/** Lateness and response time of an arm stand above each other. */
const APART = 7

/** Lateness of the load generator with each arm, beside the response time, which does not include it. */
export function latenessChart(view: View, load: Load): Chart {
  const found = (view.data.lateness ?? []).filter(
    (one) => one.load === load.name && view.arms.some(({ name }) => name === one.arm),
  )
  const isLate = found.some(({ late }) => late.max > 0)
  return {
    id: `lateness-${view.loads.indexOf(load)}`,
    title: `Lateness of the load generator, ${load.name}`,
    sentence: isLate ? sentenceOf(found) : '',
    drawing: isLate
      ? (frame) => drawing(view, found, frame)
      : {
          reason:
            found.length > 0
              ? 'No chart: the load generator sent every request of this load within a microsecond of its due time.'
              : 'No chart: no trial of this load has the lateness of the load generator; a closed loop has no schedule.',
        },
    columns: [
      { name: 'Arm' },
      { name: 'Lateness p50', unit: 'seconds' },
      { name: 'Lateness p99', unit: 'seconds' },
      { name: 'Lateness, longest', unit: 'seconds' },
      { name: 'Response p50', unit: 'seconds' },
      { name: 'Response p99', unit: 'seconds' },
      { name: 'As sent p50', unit: 'seconds' },
      { name: 'As sent p99', unit: 'seconds' },
      { name: 'Trials', unit: 'dimensionless' },
    ],
    rows: found.map(({ arm, late, response, asSent, trials }) => [
      arm,
      late.p50,
      late.p99,
      late.max,
      response?.p50,
      response?.p99,
      asSent?.p50,
      asSent?.p99,
      trials,
    ]),
  }
}

function sentenceOf(found: readonly Lateness[]): string {
  const [first, ...others] = found.toSorted((a, b) => b.late.p50 - a.late.p50)
  if (!first) return ''
  const last = others.at(-1)
  const level = (seconds: number) => formatLevel('seconds', seconds)
  const least = last ? ` and ${level(last.late.p50)} with ${last.arm}` : ''
  return `Median lateness is ${level(first.late.p50)} with ${first.arm}${least}; the highest p99 is ${level(Math.max(...found.map(({ late }) => late.p99)))}. Lateness is part of the time as sent, not of the response time.`
}

function drawing(view: View, found: readonly Lateness[], given: Frame): TopLevelSpec {
  const names = view.arms.map(({ name }) => name).filter((name) => found.some(({ arm }) => arm === name))
  const { left, labelExpr } = namesAtLeft(given, names)
  const frame = {
    ...given,
    top: 4,
    left,
    height: 4 + given.bottom + found.length * ROW,
  }
  const points = found.flatMap((one) => pointsOf(one))
  const x = logAxis(points.map(({ x: at }) => at))
  const band = { field: 'arm', type: 'nominal', scale: { domain: names, padding: 0.28 }, sort: null } as const
  const axis = {
    title: null,
    grid: false,
    labelExpr,
    labelColor: INK,
  } as const
  const title = isNarrow(frame)
    ? '● lateness  ◇ response time (log scale)'
    : '● lateness: p50, p99, longest   ◇ response time: p50, p99 (log scale)'
  return {
    ...framed(frame),
    encoding: {
      y: { ...band, axis },
      x: quantitative('x', x, { labelExpr: LATENCY_TICK, title, titlePadding: 10 }),
    },
    layer: [spans(points, x, 'late', -APART), spans(points, x, 'response', APART)],
  }
}

type Point = ReturnType<typeof pointsOf>[number]

/** The points of an arm; values of 0 are left out, since the axis is logarithmic. */
function pointsOf({ arm, late, response }: Lateness) {
  const words = { p50: 'p50', p99: 'p99', max: 'longest' } as const
  const of = (kind: 'late' | 'response', name: string, values: Partial<Lateness['late']>) =>
    (['p50', 'p99', 'max'] as const).flatMap((key) => {
      const at = values[key] ?? 0
      const say = `${arm}, ${name}, ${words[key]}: ${formatLevel('seconds', at)}`
      return at > 0 ? [{ kind, arm, series: arm, x: at, say }] : []
    })
  return [...of('late', 'lateness', late), ...of('response', 'response time', response ?? {})]
}

function spans(points: readonly Point[], { domain }: Axis, kind: Point['kind'], offset: number) {
  const own = points.filter((point) => point.kind === kind)
  const ends = [...Map.groupBy(own, ({ arm }) => arm)].map(([arm, of]) => ({
    arm,
    x: of.length > 1 ? Math.min(...of.map(({ x }) => x)) : domain[0],
    x2: Math.max(...of.map(({ x }) => x)),
  }))
  const color = kind === 'late' ? MUTED : INK
  const shape = kind === 'late' ? 'circle' : 'diamond'
  return {
    layer: [
      {
        data: { values: ends },
        mark: { type: 'rule', color, yOffset: offset, strokeWidth: 1.5 },
        encoding: { x2: { field: 'x2' } },
      },
      {
        data: { values: own },
        mark: {
          type: 'point',
          shape,
          size: 46,
          stroke: color,
          fill: kind === 'late' ? color : PAPER,
          opacity: 1,
          yOffset: offset,
        },
      },
    ],
  } satisfies Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number]
}
