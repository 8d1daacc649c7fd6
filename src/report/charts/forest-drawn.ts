import type { TopLevelSpec } from 'vega-lite'
import { framed, MUTED, PAPER } from './config.ts'
import { across, arranged, down, HEAD, heightOf, type Placed, ROW } from './forest-panels.ts'
import { type ForestPanel, findingOf } from './forest-rows.ts'
import { key, texts } from './forest-words.ts'
import type { Frame } from './frame.ts'
import type { Layer } from './layer.ts'
import { pixels } from './traced.ts'

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
