import type { TopLevelSpec } from 'vega-lite'
import { formatNumber } from '../../model/units.ts'
import { formatLevel } from '../figures.ts'
import { linearAxis } from './axes.ts'
import { framed, INK, MUTED, quantitative } from './config.ts'
import { type Frame, isNarrow, plotWidth } from './frame.ts'
import { type HeatClasses, heatClasses, heatColor } from './heat-classes.ts'
import type { HeatRow, HeatRows } from './heat-rows.ts'
import { shorten } from './labels.ts'
import type { Layer } from './layer.ts'
import { pixels, traced } from './traced.ts'

const LETTER = 7
/** Of all rows together, and between arms. */
const TALL = 300
const GAP = 7
/** The legend, above the rows. */
const HEAD = 54

/** A run of neighbouring columns of one class, in pixels; one rectangle. */
interface Run {
  readonly row: HeatRow
  readonly class: number
  readonly from: number
  readonly to: number
  readonly x: number
  readonly x2: number
  readonly y: number
  readonly y2: number
}

/** Rows by arm, seconds from left to right. */
export function heatMapSpec(found: HeatRows, given: Frame): TopLevelSpec {
  const { rows, length } = found
  const each = Math.min(Math.max(TALL / rows.length, 2.5), 14)
  const arms = [...new Set(rows.map(({ style }) => style))]
  const tall = rows.length * each + (arms.length - 1) * GAP
  const longest = Math.max(...arms.map(({ name }) => name.length)) * LETTER + 12
  const left = Math.min(longest, isNarrow(given) ? 88 : 126)
  const frame = { ...given, top: HEAD, left, right: 10, height: HEAD + tall + given.bottom }
  const tops = topsOf(rows, each)
  const classes = heatClasses(answered(rows.filter(({ isValid }) => isValid)), answered(rows))
  const runs = rows.flatMap((row, index) => runsOf(row, tops[index] ?? 0, each, found, classes, frame))
  const { ticks } = linearAxis([length], 1, isNarrow(frame) ? 3 : 5)
  const time = { kind: 'linear', domain: [0, length], ticks: ticks.filter((tick) => tick <= length) } as const
  return {
    ...framed(frame),
    layer: [
      {
        data: { values: [{ at: 0 }] },
        mark: { type: 'rule', color: MUTED, opacity: 0 },
        encoding: {
          x: quantitative('at', time, { title: 'Seconds since the window opened', titlePadding: 10, grid: false }),
        },
      },
      frame.live ? cells(runs, found) : compact(runs, each),
      armNames(rows, tops, each, left),
      ...legend(classes, frame),
    ],
  }
}

function answered(rows: readonly HeatRow[]): number[] {
  return rows.flatMap(({ p99 }) => p99.filter((value) => value > 0))
}

/** A gap between arms. */
function topsOf(rows: readonly HeatRow[], each: number): number[] {
  let gaps = 0
  return rows.map((row, index) => {
    if (index > 0 && rows[index - 1]?.style !== row.style) gaps++
    return index * each + gaps * GAP
  })
}

function runsOf(row: HeatRow, y: number, each: number, of: HeatRows, classes: HeatClasses, frame: Frame): Run[] {
  const across = (column: number) => (Math.min(column * of.bin, of.length) / of.length) * plotWidth(frame)
  const runs: Run[] = []
  for (const [column, value] of row.p99.entries()) {
    if (value <= 0) continue
    const found = classes.of(value)
    const last = runs.at(-1)
    const joins = last !== undefined && last.class === found && last.to === column
    const from = joins ? last.from : column
    if (joins) runs.pop()
    const y2 = y + each - (each > 6 ? 1 : 0)
    runs.push({ row, class: found, from, to: column + 1, x: across(from), x2: across(column + 1), y, y2 })
  }
  return runs
}

/** Rectangles that can be pointed at. */
function cells(runs: readonly Run[], { bin }: HeatRows): Layer {
  const values = runs.map(({ row, from, to, class: index, x, x2, y, y2 }) => {
    const inside = row.p99.slice(from, to)
    const [low, high] = [Math.min(...inside), Math.max(...inside)].map((value) => formatLevel('seconds', value))
    const when = `${from * bin} to ${to * bin} s`
    const say = `${row.style.name}, block ${row.block}${row.isValid ? '' : ' (invalid)'}, ${when}: p99 ${low === high ? low : `${low} to ${high}`}`
    return { series: row.style.name, say, color: heatColor(index), x, x2, y, y2 }
  })
  return {
    data: { values },
    mark: { type: 'rect' },
    encoding: {
      x: pixels('x'),
      x2: { field: 'x2' },
      y: pixels('y'),
      y2: { field: 'y2' },
      fill: { field: 'color', scale: null },
    },
  }
}

/** One thick path for each class: a rectangle of its own takes five times as many bytes. */
function compact(runs: readonly Run[], each: number): Layer {
  const width = each - (each > 6 ? 1 : 0)
  const paths = [...Map.groupBy(runs, (run) => run.class)].map(([index, group]) => ({
    color: heatColor(index),
    path: group.map(({ x, x2, y, y2 }) => `M${Math.round(x)},${((y + y2) / 2).toFixed(1)}H${Math.round(x2)}`).join(''),
  }))
  return traced(paths, { strokeWidth: width })
}

function armNames(rows: readonly HeatRow[], tops: readonly number[], each: number, left: number): Layer {
  const groups = [...Map.groupBy(rows.keys(), (index) => rows[index]?.style)]
  const values = groups.map(([style, indexes]) => ({
    text: shorten(style?.name ?? '', Math.floor((left - 8) / LETTER)),
    y: ((tops[indexes[0] ?? 0] ?? 0) + (tops[indexes.at(-1) ?? 0] ?? 0) + each) / 2,
  }))
  return {
    data: { values },
    mark: { type: 'text', align: 'right', baseline: 'middle', color: INK },
    encoding: { x: { value: -8 }, y: pixels('y'), text: { field: 'text' } },
  }
}

/** Classes side by side above the rows, with the latency at each edge. */
function legend({ edges }: HeatClasses, frame: Frame): Layer[] {
  const each = Math.min((plotWidth(frame) - 20) / (edges.length - 1), 64)
  const boxes = edges.slice(1).map((_, index) => ({ x: index * each, x2: (index + 1) * each, color: heatColor(index) }))
  const marks = edges.map((edge, index) => ({ x: index * each, text: formatNumber(edge * 1e3, edge < 0.1 ? 2 : 3) }))
  return [
    {
      data: { values: boxes },
      mark: { type: 'rect' },
      encoding: {
        x: pixels('x'),
        x2: { field: 'x2' },
        y: { value: 34 - HEAD - 12 },
        y2: { value: 34 - HEAD },
        fill: { field: 'color', scale: null },
      },
    },
    {
      data: { values: marks },
      mark: { type: 'text', baseline: 'middle', color: MUTED },
      encoding: { x: pixels('x'), y: { value: 43 - HEAD }, text: { field: 'text' } },
    },
    {
      data: { values: [{}] },
      mark: { type: 'text', align: 'left', baseline: 'middle', color: MUTED, text: 'p99 in ms, log classes' },
      encoding: { x: { value: 0 }, y: { value: 12 - HEAD } },
    },
  ]
}
