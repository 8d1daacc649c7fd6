import type { TopLevelSpec } from 'vega-lite'
import type { MetricInfo, Standing } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { list, STANDING_WORDS } from '../../model/words.ts'
import type { Chart } from '../chart.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatRatio } from '../format.ts'
import { ratioTick } from './axes.ts'
import { framed, INK, type Layer, MUTED, PAPER } from './config.ts'
import {
  across,
  arranged,
  down,
  FIGURE,
  type ForestPanel,
  type ForestRow,
  findingOf,
  HEAD,
  heightOf,
  LETTER,
  labelRoom,
  type Placed,
  panelsOf,
  ROW,
  titleOf,
} from './forest-rows.ts'
import type { Frame } from './frame.ts'
import { shorten } from './labels.ts'
import { pixels } from './traced.ts'

/** Every arm as a ratio to the baseline, with intervals, by the metrics that are asked for first. */
export function forestChart(view: View, load: Load): Chart {
  const panels = panelsOf(view, load)
  const rows = panels.flatMap((panel) => panel.rows)
  const hasRatio = rows.some(({ ratio }) => ratio !== undefined)
  return {
    id: `differences-${view.loads.indexOf(load)}`,
    title: `Differences from ${view.baseline.name}, ${load.name}`,
    sentence: hasRatio
      ? sentenceOf(
          view,
          panels.find(({ title }) => title === titleOf(chosen(view, load))),
        )
      : '',
    drawing: hasRatio ? (frame) => forestSpec(panels, frame) : { reason: reasonOf(view) },
    columns: [
      { name: 'Arm' },
      { name: 'Metric' },
      { name: 'Difference', unit: 'ratio' },
      { name: 'From', unit: 'ratio' },
      { name: 'To', unit: 'ratio' },
      { name: 'Finding' },
      { name: 'p', unit: 'dimensionless' },
      { name: 'q', unit: 'dimensionless' },
      { name: 'Blocks', unit: 'dimensionless' },
    ],
    rows: rows.map(({ style, metric, cell, ratio, standing }) => [
      style.name,
      metric.title,
      ratio?.center,
      ratio?.lo,
      ratio?.hi,
      STANDING_WORDS[standing],
      cell?.p,
      cell?.q,
      ratio?.n,
    ]),
  }
}

function chosen(view: View, load: Load): MetricInfo | undefined {
  return view.metric(latencyMetric(view, load))
}

function reasonOf(view: View): string {
  const others = view.arms.filter(({ name }) => name !== view.baseline.name)
  return others.length === 0
    ? 'No chart: no arm is shown that could be compared with the baseline.'
    : `No chart: no block of this load has valid trials of ${view.baseline.name} and of another arm.`
}

/** "Against none, p99 is higher with envoy-sidecar (+62 %); envoy-node shows no difference beyond the noise; too noisy to say for …" */
function sentenceOf({ baseline }: View, panel: ForestPanel | undefined): string {
  if (!panel) return ''
  const compared = panel.rows.filter(({ style }) => style.role !== 'repeat')
  const of = (...standings: readonly Standing[]) =>
    compared.flatMap(({ style, ratio, standing }) =>
      ratio && standings.includes(standing) ? [`${style.name} (${formatRatio(ratio.center)})`] : [],
    )
  const [higher, lower, same, open] = [of('higher'), of('lower'), of('no-difference', 'within-noise'), of('undecided')]
  const parts = [
    higher.length > 0 ? `${panel.title} is higher with ${list(higher)}` : '',
    lower.length > 0 ? `${higher.length > 0 ? 'it' : panel.title} is lower with ${list(lower)}` : '',
    same.length > 0
      ? `${list(same)} ${same.length === 1 ? 'shows' : 'show'} no difference beyond the noise${higher.length + lower.length > 0 ? '' : ` in ${panel.title}`}`
      : '',
    open.length > 0 ? `too noisy to say for ${list(open)}` : '',
  ].filter(Boolean)
  return parts.length === 0
    ? `By ${panel.title}, no arm has a ratio.`
    : `Against ${baseline.name}, ${parts.join('; ')}.`
}

const KEY = 26

/** Side by side, each with its own axis: what a latency and a memory differ by has no common one. */
export function forestSpec(panels: readonly ForestPanel[], given: Frame): TopLevelSpec {
  const placed = arranged(panels, given)
  const bottom = Math.max(...placed.map((panel) => panel.top + heightOf(panel)))
  const frame = { ...given, top: 4, right: 4, bottom: 4, left: 2, height: bottom + KEY + 8 }
  return {
    ...framed(frame),
    layer: [
      bands(placed),
      rules(placed),
      intervals(placed),
      marks(placed),
      ...texts(placed, frame),
      ...key(placed, bottom + KEY - 8),
    ],
  }
}

const corners = { x: pixels('x'), y: pixels('y'), x2: { field: 'x2' }, y2: { field: 'y2' } } as const

/** What equal arms differ by. */
function bands(panels: readonly Placed[]): Layer {
  const values = panels.flatMap((panel) => {
    const { noise, top, rows } = panel
    if (noise === undefined || noise <= 1) return []
    const y = top + HEAD
    return [{ x: across(panel, 1 / noise), x2: across(panel, noise), y, y2: y + rows.length * ROW }]
  })
  return { data: { values }, mark: { type: 'rect', color: 'var(--band)' }, encoding: corners } as const
}

function rules(panels: readonly Placed[]): Layer {
  const values = panels.flatMap((panel) =>
    panel.axis.ticks.map((tick) => ({
      x: across(panel, tick),
      y: panel.top + HEAD,
      y2: panel.top + HEAD + panel.rows.length * ROW + (tick === 1 ? 3 : 0),
      color: tick === 1 ? MUTED : 'var(--line)',
    })),
  )
  const { x, y, y2 } = corners
  return { data: { values }, mark: 'rule', encoding: { x, y, y2, color: { field: 'color', scale: null } } } as const
}

/** One path each, end marks included; an end that lies beyond the axis has none. */
function intervals(panels: readonly Placed[]): Layer {
  const values = panels.flatMap((panel) =>
    panel.rows.flatMap((row, index) => {
      const { lo, hi } = row.ratio ?? {}
      if (lo === undefined || hi === undefined) return []
      const [from, to] = panel.axis.domain
      const [x, x2, y] = [across(panel, lo), across(panel, hi), down(panel, index)]
      const cap = (at: number) => [[at, y - 4], [at, y + 4], [at, y]] as const // biome-ignore format: three points
      const path = [...(lo >= from ? cap(x) : [[x, y]]), ...(hi <= to ? cap(x2).toReversed() : [[x2, y]])]
      const { color } = findingOf(row)
      return path.map(([px, py], order) => ({ x: px, y: py, order, color, of: `${panel.title} ${row.style.name}` }))
    }),
  )
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: corners.x,
      y: corners.y,
      order: { field: 'order' },
      detail: { field: 'of' },
      stroke: { field: 'color', scale: null },
    },
  }
}

/** Filled where the analysis has found a difference, hollow where it has not. */
function marks(panels: readonly Placed[]): Layer {
  const values = panels.flatMap((panel) =>
    panel.rows.flatMap((row, index) => {
      if (!row.ratio) return []
      const { color, decided, say } = findingOf(row)
      const { name, shape } = row.style
      const fill = decided ? color : PAPER
      return [{ x: across(panel, row.ratio.center), y: down(panel, index), series: name, say, shape, color, fill }]
    }),
  )
  return {
    data: { values },
    mark: { type: 'point', filled: true, size: 84, strokeWidth: 1.5, opacity: 1 },
    encoding: {
      x: corners.x,
      y: corners.y,
      shape: { field: 'shape', scale: null },
      fill: { field: 'fill', scale: null },
      stroke: { field: 'color', scale: null },
    },
  }
}

/** Titles, ticks, names and figures of all panels. */
function texts(panels: readonly Placed[], frame: Frame): Layer[] {
  const room = Math.floor(labelRoom(panels, frame) / LETTER)
  const titles = panels.map((panel) => {
    const isLong = panel.left + panel.title.length * LETTER > frame.width
    return { x: isLong && panel.isFirst ? 0 : panel.left, y: panel.top + 11, text: panel.title }
  })
  const ticks = panels.flatMap((panel) =>
    panel.axis.ticks.map((tick) => ({
      x: across(panel, tick),
      y: panel.top + HEAD + panel.rows.length * ROW + 13,
      text: ratioTick(tick),
    })),
  )
  const names = panels
    .filter(({ isFirst }) => isFirst)
    .flatMap((panel) => panel.rows.map((row, index) => ({ x: 0, y: down(panel, index), text: named(row, room) })))
  return [
    text(titles, { align: 'left', fontWeight: 600 }),
    text(ticks, { align: 'center', color: MUTED }),
    text(names, { align: 'left' }),
    text(
      panels.flatMap((panel) => figures(panel, true)),
      { align: 'right', fontWeight: 600 },
    ),
    text(
      panels.flatMap((panel) => figures(panel, false)),
      { align: 'right', color: MUTED },
    ),
    text(panels.flatMap(missing), { align: 'left', color: MUTED }),
  ]
}

function named(row: ForestRow, room: number): string {
  const mark = row.style.role === 'repeat' ? ' (A/A)' : ''
  return `${shorten(row.style.name, Math.max(room - mark.length, 4))}${mark}`
}

function figures(panel: Placed, wanted: boolean) {
  if (!panel.hasFigures) return []
  return panel.rows.flatMap((row, index) =>
    row.ratio && findingOf(row).decided === wanted
      ? [{ x: panel.left + panel.width + FIGURE - 4, y: down(panel, index), text: formatRatio(row.ratio.center) }]
      : [],
  )
}

function missing(panel: Placed) {
  return panel.rows.flatMap(({ ratio }, index) =>
    ratio ? [] : [{ x: across(panel, 1) + 6, y: down(panel, index), text: 'no data' }],
  )
}

type Look = { readonly align: 'left' | 'right' | 'center'; readonly color?: string; readonly fontWeight?: 600 }

function text(values: readonly { readonly x: number; readonly y: number; readonly text: string }[], look: Look): Layer {
  return {
    data: { values: [...values] },
    mark: { type: 'text', baseline: 'middle', color: INK, ...look },
    encoding: { x: pixels('x'), y: pixels('y'), text: { field: 'text' } },
  }
}

const CIRCLE = 'M0,-1A1,1,0,1,1,0,1A1,1,0,1,1,0,-1Z'
const BOX = 'M-1.4,-1.4H1.4V1.4H-1.4Z'

/** What marks mean, under the panels. */
function key(panels: readonly Placed[], y: number): Layer[] {
  const items = [
    { text: 'worse', color: 'var(--worse)', fill: 'var(--worse)', shape: CIRCLE },
    { text: 'better', color: 'var(--better)', fill: 'var(--better)', shape: CIRCLE },
    { text: 'not told apart', color: MUTED, fill: PAPER, shape: CIRCLE },
    ...(panels.some(({ noise = 1 }) => noise > 1)
      ? [{ text: 'A/A noise', color: 'var(--band)', fill: 'var(--band)', shape: BOX }]
      : []),
  ]
  let x = 6
  const values = items.map((item) => {
    const at = x
    x += 28 + item.text.length * 6.4
    return { ...item, x: at, y, right: at + 9 }
  })
  return [
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 64, strokeWidth: 1.5, opacity: 1 },
      encoding: {
        x: pixels('x'),
        y: pixels('y'),
        shape: { field: 'shape', scale: null },
        fill: { field: 'fill', scale: null },
        stroke: { field: 'color', scale: null },
      },
    },
    text(
      values.map(({ right, text: words }) => ({ x: right, y, text: words })),
      { align: 'left', color: MUTED },
    ),
  ]
}
