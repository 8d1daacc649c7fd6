import type { TopLevelSpec } from 'vega-lite'
import type { ComponentCost } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatLevel } from '../figures.ts'
import type { View } from '../view.ts'
import { type Axis, linearAxis, place } from './axes.ts'
import { framed, INK, PAPER, SIZE_TICK } from './config.ts'
import { type Frame, plotWidth } from './frame.ts'
import { shorten } from './labels.ts'
import { byRole, ROLE_STYLES } from './roles.ts'

export type Resource = 'cpu' | 'memory'

/** The parts of each arm's bill in stacking order: everything but the load generator, which is no part of what is compared. */
export function billOf(view: View, load: Load): { readonly arm: string; readonly parts: readonly ComponentCost[] }[] {
  return view.arms.flatMap(({ name }) => {
    const parts = view.analysis.components
      .filter((part) => part.arm === name && part.load === load.name && part.role !== 'generator')
      .sort(byRole)
    return parts.length === 0 ? [] : [{ arm: name, parts }]
  })
}

export function amountOf(resource: Resource, part: ComponentCost): number {
  return resource === 'cpu' ? part.cpu : part.memoryBytes
}

export function totalOf(resource: Resource, parts: readonly ComponentCost[]): number {
  return parts.reduce((sum, part) => sum + amountOf(resource, part), 0)
}

const ROW = 40
const MEBI = 2 ** 20

/** One bar for each arm, stacked by component, with the total at its end. */
export function componentBars(view: View, load: Load, resource: Resource, given: Frame): TopLevelSpec {
  const bill = billOf(view, load)
  const frame = fitted(given, bill.length)
  const x = axisFor(resource, bill)
  const segments = bill.flatMap(({ arm, parts }) => stacked(arm, parts, resource))
  const names = bill.map(({ arm }) => arm)
  const band = { field: 'arm', type: 'nominal', scale: { domain: names, padding: 0.28 }, sort: null } as const
  const y = { ...band, axis: { title: null, grid: false, labelExpr: armLabel(frame), labelColor: INK } } as const
  return {
    ...framed(frame),
    encoding: {
      y,
      x: { type: 'quantitative', scale: { domain: [...x.domain], nice: false }, axis: axisOf(resource, x) },
    },
    layer: [
      {
        data: { values: segments },
        mark: { type: 'bar', stroke: PAPER, strokeWidth: 1.5 },
        encoding: { x: { field: 'from' }, x2: { field: 'to' }, fill: { field: 'color', scale: null } },
      },
      {
        data: { values: segments.filter(({ name, from, to }) => fits(name, x, from, to, frame)) },
        mark: { type: 'text', fill: PAPER, fontSize: 11, baseline: 'middle' },
        encoding: { x: { field: 'middle' }, text: { field: 'name' } },
      },
      {
        data: { values: bill.map(({ arm, parts }) => total(arm, parts, resource)) },
        mark: { type: 'text', align: 'left', dx: 7, baseline: 'middle', fontWeight: 600 },
        encoding: { x: { field: 'to' }, text: { field: 'text' } },
      },
    ],
  }
}

function fitted(frame: Frame, rows: number): Frame {
  const wide = frame.name === 'wide'
  return { ...frame, top: 4, left: wide ? 152 : 104, right: wide ? 68 : 62, height: 4 + frame.bottom + rows * ROW }
}

/** As long as the longest bar: its total is written beyond the end. */
function axisFor(resource: Resource, bill: ReturnType<typeof billOf>): Axis {
  const totals = bill.map(({ parts }) => totalOf(resource, parts))
  const { kind, ticks } = linearAxis(totals, resource === 'memory' ? MEBI : 1)
  const most = Math.max(...totals) || 1
  return { kind, domain: [0, most], ticks: ticks.filter((tick) => tick <= most) }
}

function axisOf(resource: Resource, { ticks }: Axis) {
  const common = { values: [...ticks], titlePadding: 10 }
  return resource === 'cpu'
    ? ({ ...common, title: 'CPU-seconds per million requests', format: ',~r' } as const)
    : ({ ...common, title: 'Memory at the end of the window', labelExpr: SIZE_TICK } as const)
}

function armLabel(frame: Frame): string {
  return `truncate(datum.label, ${frame.name === 'wide' ? 22 : 13})`
}

function stacked(arm: string, parts: readonly ComponentCost[], resource: Resource) {
  let from = 0
  return parts.map((part) => {
    const to = from + amountOf(resource, part)
    const segment = {
      arm,
      name: part.component,
      color: ROLE_STYLES[part.role].color,
      from,
      to,
      middle: (from + to) / 2,
    }
    from = to
    return segment
  })
}

function fits(name: string, x: Axis, from: number, to: number, frame: Frame): boolean {
  return (place(x, to) - place(x, from)) * plotWidth(frame) > name.length * 6.4 + 8
}

function total(arm: string, parts: readonly ComponentCost[], resource: Resource) {
  const to = totalOf(resource, parts)
  return { arm, to, text: shorten(formatLevel(resource === 'cpu' ? 'cpu-seconds-per-million' : 'bytes', to), 10) }
}
