import type { TopLevelSpec } from 'vega-lite'
import { MICROS } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import type { Stall } from '../data/stalls.ts'
import { formatLevel } from '../format.ts'
import { type Axis, linearAxis, logAxis, place } from './axes.ts'
import { framed, INK, LATENCY_TICK, MUTED, quantitative, verticalTitle } from './config.ts'
import { type Frame, plotHeight } from './frame.ts'
import { type LineEnd, labelColumn } from './labels.ts'

const SERIES = [
  { key: 'max', title: 'slowest', color: MUTED, dash: [2, 3] },
  { key: 'p99', title: 'p99', color: 'var(--alarm)', dash: [1, 0] },
  { key: 'p50', title: 'p50', color: INK, dash: [7, 3] },
] as const

/** Latency in each second of a trial with a stall. */
export function stallChart(stall: Stall, index: number): Chart {
  const { trial, slowest, cause, status, timeline } = stall
  const at = (column: readonly number[], second: number) => (column[second] ?? 0) / MICROS
  return {
    id: `stall-${index}`,
    title: `${trial.arm}, ${trial.load}, block ${trial.block}`,
    sentence: `${cause} The slowest request, in the shaded second, took ${formatLevel('seconds', slowest)}. The trial is ${status}.`,
    drawing: (frame) => drawing(stall, frame),
    columns: [
      { name: 'Second', unit: 'dimensionless' },
      { name: 'Requests', unit: 'dimensionless' },
      { name: 'Errors', unit: 'dimensionless' },
      { name: 'p50', unit: 'seconds' },
      { name: 'p99', unit: 'seconds' },
      { name: 'Slowest', unit: 'seconds' },
    ],
    rows: timeline.p99.map((_, second) => [
      second,
      timeline.requests[second],
      timeline.errors[second],
      at(timeline.p50, second),
      at(timeline.p99, second),
      at(timeline.max, second),
    ]),
  }
}

function drawing({ timeline, second: slowest }: Stall, frame: Frame): TopLevelSpec {
  return secondsDrawing(
    {
      length: timeline.p99.length,
      lines: SERIES.map((series) => ({ ...series, micros: timeline[series.key] })),
      shaded: [{ x: slowest, x2: slowest + 1, color: 'var(--alarm)' }],
    },
    frame,
  )
}

interface Seconds {
  readonly length: number
  /** In microseconds; 0 where nothing was answered. */
  readonly lines: readonly {
    readonly key: string
    readonly title: string
    readonly color: string
    readonly dash: readonly number[]
    readonly micros: readonly number[]
  }[]
  /** Parts of the window, over the whole height. */
  readonly shaded: readonly { readonly x: number; readonly x2: number; readonly color: string; readonly say?: string }[]
}

/** Latencies over the seconds of a window. */
export function secondsDrawing({ length, lines, shaded }: Seconds, given: Frame): TopLevelSpec {
  const frame = { ...given, right: 62 }
  const values = lines.flatMap(({ key, title, color, dash, micros }) =>
    micros.flatMap((latency, second) =>
      latency > 0
        ? [
            {
              key,
              series: title,
              color,
              dash,
              x: second + 0.5,
              y: latency / MICROS,
              say: wordsOf(title, second, latency),
            },
          ]
        : [],
    ),
  )
  const y = logAxis(values.map((point) => point.y))
  const time: Axis = { ...linearAxis([length]), domain: [0, length] }
  const x = quantitative('x', time, { title: 'Seconds since the window opened', titlePadding: 10, grid: false })
  const height = quantitative('y', y, {
    labelExpr: LATENCY_TICK,
    title: 'Latency (log scale)',
    ...verticalTitle(frame),
  })
  return {
    ...framed(frame),
    layer: [
      {
        data: { values: shaded.map((one) => ({ ...one })) },
        mark: { type: 'rect', opacity: 0.13 },
        encoding: { x, x2: { field: 'x2' }, color: { field: 'color', type: 'nominal', scale: null } },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
        encoding: {
          x,
          y: height,
          detail: { field: 'key' },
          stroke: { field: 'color', scale: null },
          strokeDash: { field: 'dash', scale: null },
        },
      },
      labelColumn(lineEnds(lines, y, frame), frame),
    ],
  }
}

function wordsOf(title: string, second: number, micros: number): string {
  return `second ${second}, ${title}: ${formatLevel('seconds', micros / MICROS)}`
}

function lineEnds(lines: Seconds['lines'], y: Axis, frame: Frame): LineEnd[] {
  return lines.map(({ micros, title, color }) => {
    const last = (micros.findLast((latency) => latency > 0) ?? 0) / MICROS
    return { text: title, color, y: (1 - (last > 0 ? place(y, last) : 0)) * plotHeight(frame) }
  })
}
