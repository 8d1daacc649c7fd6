import type { Cell, Estimate, MetricInfo, Standing } from '../../model/analysis.ts'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { STANDING_WORDS } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatRatio, formatRatioInterval } from '../format.ts'
import { type Axis, place, ratioAxis, ratioTick } from './axes.ts'
import type { Frame } from './frame.ts'

/** One arm by one metric, as a ratio to the baseline. */
export interface ForestRow {
  readonly style: ArmStyle
  readonly metric: MetricInfo
  readonly cell: Cell | undefined
  readonly ratio: Estimate | undefined
  readonly standing: Standing
}

/** One metric: a row for each arm that is compared, and what equal arms differ by. */
export interface ForestPanel {
  readonly metric: MetricInfo
  readonly title: string
  readonly noise: number | undefined
  readonly rows: readonly ForestRow[]
}

/** Shown where they have ratios: a baseline without a mesh has none of its CPU and memory. */
const OF_USAGE: readonly string[] = ['mesh-cpu', 'mesh-memory', 'application-cpu']

export function panelsOf(view: View, load: Load): ForestPanel[] {
  const names = new Set([latencyMetric(view, load, 'p50'), latencyMetric(view, load), ...OF_USAGE])
  const arms = view.arms.filter(({ name }) => name !== view.baseline.name)
  return [...names].flatMap((name) => {
    const metric = view.metric(name)
    if (!metric) return []
    const rows = arms.map((style): ForestRow => {
      const cell = view.cell(style.name, load.name, name)
      return { style, metric, cell, ratio: cell?.ratio, standing: cell?.ratio ? cell.standing : 'no-data' }
    })
    if (OF_USAGE.includes(name) && rows.every(({ ratio }) => !ratio)) return []
    return [{ metric, title: titleOf(metric), noise: view.noise(load.name, name), rows }]
  })
}

export function titleOf(metric: MetricInfo | undefined): string {
  if (metric?.quantile !== undefined) {
    return `${quantileName(metric.quantile)}${metric.clock === 'service' ? ' service time' : ''}`
  }
  return metric?.title ?? ''
}

/** What is said of a mark, and the colour that says the same. */
export function findingOf({ style, metric, ratio, standing }: ForestRow) {
  const isWorse = standing === (metric.better === 'lower' ? 'higher' : 'lower')
  const decided = standing === 'higher' || standing === 'lower'
  const interval = ratio && formatRatioInterval(ratio)
  const figure = ratio ? `${formatRatio(ratio.center)}${interval ? ` (${interval})` : ''}, ` : ''
  return {
    decided,
    color: decided ? `var(--${isWorse ? 'worse' : 'better'})` : 'var(--muted)',
    say: `${style.name}, ${metric.title}: ${figure}${STANDING_WORDS[standing]}`,
  }
}

export const ROW = 23
export const HEAD = 24
const FOOT = 24
export const LETTER = 6.6
/** Between the labels of two ticks. */
const APART = 10
/** Room of the figure at the end of a row. */
export const FIGURE = 50
/** Least width of a panel; where two have no room, they stand below each other. */
const PANEL = 190
/** An interval from few blocks may be endless: the axis holds the estimates, and this much beyond them. */
const BEYOND = 3

/** A panel with its place in the drawing. */
export interface Placed extends ForestPanel {
  readonly axis: Axis
  readonly left: number
  readonly top: number
  /** Of the axis. */
  readonly width: number
  readonly hasFigures: boolean
  readonly isFirst: boolean
}

export function heightOf({ rows }: ForestPanel): number {
  return HEAD + rows.length * ROW + FOOT
}

/** As many in a line as have room, by the same rule drawn once and in a browser; no line is left with a single one if that can be. */
export function arranged(panels: readonly ForestPanel[], frame: Frame): Placed[] {
  const names = labelRoom(panels, frame)
  const most = Math.min(Math.max(Math.floor((frame.width - 8 - names) / PANEL), 1), panels.length)
  const columns = Math.ceil(panels.length / Math.ceil(panels.length / most))
  const each = (frame.width - 8 - names) / columns
  const hasFigures = each > 120
  const width = each - 12 - (hasFigures ? FIGURE : 10)
  return panels.map((panel, index) => ({
    ...panel,
    axis: axisOf(panel, width),
    left: names + (index % columns) * each + 12,
    top: Math.floor(index / columns) * (heightOf(panel) + 8),
    width,
    hasFigures,
    isFirst: index % columns === 0,
  }))
}

export function labelRoom(panels: readonly ForestPanel[], frame: Frame): number {
  const longest = Math.max(0, ...(panels[0]?.rows ?? []).map((row) => nameOf(row).length))
  return Math.min(Math.ceil(longest * LETTER), Math.max(94, frame.width / 3))
}

function nameOf({ style }: ForestRow): string {
  return style.role === 'repeat' ? `${style.name} (A/A)` : style.name
}

function axisOf({ rows, noise = 1 }: ForestPanel, width: number): Axis {
  const centers = rows.flatMap(({ ratio }) => (ratio ? [ratio.center] : []))
  const [least, most] = [Math.min(1, ...centers) / BEYOND, Math.max(1, ...centers) * BEYOND]
  const ends = rows.flatMap(({ ratio }) => [ratio?.lo ?? 1, ratio?.hi ?? 1])
  const held = [...ends, noise, 1 / noise].map((ratio) => Math.min(Math.max(ratio, least), most))
  return ratioAxis([...centers, ...held], (tick) => (ratioTick(tick).length * LETTER + APART) / width)
}

/** Of a ratio; what is beyond the axis is at its end. */
export function across({ axis, left, width }: Placed, ratio: number): number {
  return left + Math.min(Math.max(place(axis, ratio), 0), 1) * width
}

/** Of the middle of a row. */
export function down({ top }: Placed, index: number): number {
  return top + HEAD + (index + 0.5) * ROW
}
