import type { TopLevelSpec } from 'vega-lite'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { type Chart, thinned } from '../chart.ts'
import type { TrialSeconds } from '../data/page-data.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { linearAxis } from './axes.ts'
import { framed, INK, type Layer, MUTED, quantitative } from './config.ts'
import { type Frame, isNarrow, plotWidth } from './frame.ts'
import { shorten } from './labels.ts'
import { pixels, traced } from './traced.ts'

/** p99 in each second of each trial: stalls are dark spots, drift is a change of shade from row to row. */
export function heatMapChart(view: View, load: Load): Chart {
  const found = heatRows(view, load)
  const { rows, bin } = found
  return {
    id: `seconds-${view.loads.indexOf(load)}`,
    title: `p99 in ${bin === 1 ? 'each second' : `every ${bin} seconds`} of each trial, ${load.name}`,
    sentence: rows.length > 0 ? sentenceOf(found) : '',
    drawing:
      rows.length > 0
        ? (frame) => heatMapSpec(found, frame)
        : { reason: 'No chart: no trial of this load has a time line.' },
    columns: [
      { name: 'Arm' },
      { name: 'Block', unit: 'dimensionless' },
      { name: 'Status' },
      { name: 'Median', unit: 'seconds' },
      { name: 'Worst', unit: 'seconds' },
      { name: `p99 in ms in ${bin === 1 ? 'each second' : `each ${bin} seconds`}` },
    ],
    rows: rows.map(({ style, block, isValid, p99 }) => {
      const each = p99.map((value) => (value > 0 ? formatNumber(value * 1e3).replaceAll(',', '') : '–')).join(' ')
      return [style.name, block, isValid ? 'valid' : 'invalid', middle(p99), Math.max(...p99), each]
    }),
  }
}

function middle(values: readonly number[]): number | undefined {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function sentenceOf({ rows, bin, all }: HeatRows): string {
  const worst = rows.reduce((a, b) => (Math.max(...b.p99) > Math.max(...a.p99) ? b : a))
  const most = Math.max(...worst.p99)
  const usual = middle(rows.flatMap(({ p99 }) => p99)) ?? most
  const at = worst.p99.indexOf(most) * bin
  const some = rows.length < all ? ` Shown are ${rows.length} of ${count(all, 'trial')}, spread over the run.` : ''
  return `The worst ${bin === 1 ? 'second' : `${bin} seconds`} had a p99 of ${formatLevel('seconds', most)}, ${formatNumber(most / usual, 2)} times the usual ${formatLevel('seconds', usual)}: with ${worst.style.name}, in block ${worst.block}${worst.isValid ? '' : ' (invalid)'}, ${at} s into its window.${some}`
}

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
function heatMapSpec(found: HeatRows, given: Frame): TopLevelSpec {
  const { rows, length } = found
  const each = Math.min(Math.max(TALL / rows.length, 2.5), 14)
  const arms = [...new Set(rows.map(({ style }) => style))]
  const tall = rows.length * each + (arms.length - 1) * GAP
  const longest = Math.max(...arms.map(({ name }) => name.length)) * LETTER + 12
  const left = Math.min(longest, Math.max(88, given.width / 3))
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

/** One trial as a row of the heat map. */
interface HeatRow {
  readonly style: ArmStyle
  readonly block: number
  readonly isValid: boolean
  /** In seconds, of each column; 0 where nothing was answered. */
  readonly p99: readonly number[]
}

interface HeatRows {
  readonly rows: readonly HeatRow[]
  /** Seconds in one column. */
  readonly bin: number
  /** Length of the longest window. */
  readonly length: number
  /** Trials that there are, drawn or not. */
  readonly all: number
}

/** More columns cannot be told apart, and more rows of an arm are too thin to be pointed at. */
const COLUMNS = 60
const ROWS = 20

/** Trials by arm and in the order of blocks, without those that the reader leaves out. */
function heatRows(view: View, load: Load): HeatRows {
  const seconds = view.data.seconds.filter(
    (one) => one.load === load.name && !view.state.excluded.includes(one.trial) && one.p99.some((value) => value > 0),
  )
  const length = Math.max(0, ...seconds.map(({ p99 }) => p99.length))
  const bin = Math.max(1, Math.ceil(length / COLUMNS))
  const invalid = new Set(view.data.trials.flatMap(({ id, status }) => (status === 'valid' ? [] : [id])))
  const rows = view.arms.flatMap((style) => {
    const own = seconds.filter(({ arm }) => arm === style.name).sort((a, b) => a.block - b.block)
    return thinned(own, ROWS).map((one): HeatRow => {
      return { style, block: one.block, isValid: !invalid.has(one.trial), p99: binned(one, bin) }
    })
  })
  const shown = new Set(view.arms.map(({ name }) => name))
  const all = view.data.trials.filter(
    ({ arm, id, load: of, status }) =>
      of === load.name && shown.has(arm) && status !== 'failed' && !view.state.excluded.includes(id),
  ).length
  return { rows, bin, length, all: Math.max(all, rows.length) }
}

/** The worst second of each column, since the chart shows short events. */
function binned({ p99 }: TrialSeconds, bin: number): number[] {
  return Array.from({ length: Math.ceil(p99.length / bin) }, (_, index) =>
    Math.max(...p99.slice(index * bin, (index + 1) * bin)),
  )
}

/** As many as the theme has `--heat-n` for. */
const COLORS = 6
/** Classes narrower than this would make differences of what is noise. */
const NARROWEST = 1.06

/** Classes of equal width on a logarithmic scale, but for the outer ones, which hold what is beyond. */
interface HeatClasses {
  /** One more than there are classes. */
  readonly edges: readonly number[]
  /** From 0. */
  of(value: number): number
}

/** Quantiles at which the outer classes begin, so that one stalled trial does not make all others look alike. */
const USUAL = { from: 0.01, to: 0.98 } as const

/** `usual` decides the inner edges, `all` the outer ones. */
export function heatClasses(usual: readonly number[], all: readonly number[] = usual): HeatClasses {
  const sorted = (usual.length > 0 ? usual : all).toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 1
  const least = at(USUAL.from)
  const step = Math.max((at(USUAL.to) / least) ** (1 / COLORS), NARROWEST)
  const of = (value: number) => Math.min(Math.max(Math.floor(Math.log(value / least) / Math.log(step)), 0), COLORS - 1)
  const inner = Array.from({ length: COLORS - 1 }, (_, index) => least * step ** (index + 1))
  const lowest = all.reduce((a, b) => Math.min(a, b), least)
  const highest = all.reduce((a, b) => Math.max(a, b), least * step ** COLORS)
  return { edges: [lowest, ...inner, highest], of }
}

function heatColor(index: number): string {
  return `var(--heat-${index})`
}
