import { formatRatio } from '../figures.ts'
import { INK, MUTED, PAPER } from './config.ts'
import { across, down, FIGURE, HEAD, LETTER, labelRoom, type Placed, ROW } from './forest-panels.ts'
import { type ForestRow, findingOf } from './forest-rows.ts'
import type { Frame } from './frame.ts'
import { shorten } from './labels.ts'
import type { Layer } from './layer.ts'
import { ratioTick } from './ratio-axis.ts'
import { pixels } from './traced.ts'

/** Titles, ticks, names and figures of all panels. */
export function texts(panels: readonly Placed[], frame: Frame): Layer[] {
  const room = Math.floor(labelRoom(panels, frame) / LETTER)
  const titles = panels.map((panel) => ({ x: panel.left, y: panel.top + 11, text: panel.title }))
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
  const mark = row.style.role === 'twin' ? ' (A/A)' : ''
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
export function key(panels: readonly Placed[], y: number): Layer[] {
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
