import type { TopLevelSpec } from 'vega-lite'
import type { ComponentCost } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { MESH_ROLES } from '../../model/usage.ts'
import type { Chart } from '../chart.ts'
import { formatLevel } from '../figures.ts'
import type { View } from '../view.ts'
import { type Axis, linearAxis, place } from './axes.ts'
import { framed, INK, PAPER, SIZE_TICK } from './config.ts'
import { type Frame, isNarrow, plotWidth } from './frame.ts'
import { shorten } from './labels.ts'
import { byRole, ROLE_STYLES } from './roles.ts'

export type Resource = 'cpu' | 'memory'

/** What one arm's components cost. */
export interface Bill {
  readonly arm: string
  /** In stacking order. */
  readonly parts: readonly ComponentCost[]
}

const UNITS = { cpu: 'cpu-seconds-per-million', memory: 'bytes' } as const
const ROW = 38
const MEBI = 2 ** 20

/** One bar for each arm, stacked by component, with the total at its end. */
export function componentChart(view: View, load: Load, resource: Resource): Chart {
  const bills = billsOf(view, load)
  return {
    id: `${resource}-${view.loads.indexOf(load)}`,
    title: `${resource === 'cpu' ? 'CPU' : 'Memory'} by component, ${load.name}`,
    sentence: sentenceOf(compared(bills), resource),
    drawing:
      bills.length > 0
        ? (frame) => drawing(compared(bills), resource, frame)
        : { reason: 'No chart: no trial of this load is valid and has its resource usage.' },
    columns: [
      { name: 'Arm' },
      { name: 'Component' },
      { name: 'Role' },
      { name: resource === 'cpu' ? 'CPU per million requests' : 'Memory', unit: UNITS[resource] },
      ...(resource === 'cpu' ? [{ name: 'Cores busy', unit: 'dimensionless' as const }] : []),
      { name: 'Trials', unit: 'dimensionless' },
    ],
    rows: bills.flatMap(({ parts }) =>
      parts.map((part) => [
        part.arm,
        part.component,
        ROLE_STYLES[part.role].title,
        amountOf(resource, part),
        ...(resource === 'cpu' ? [part.cores] : []),
        part.n,
      ]),
    ),
  }
}

/** Of every arm that has one: everything but the load generator, which is no part of what is compared. */
export function billsOf(view: View, load: Load): Bill[] {
  return view.arms.flatMap(({ name }) => {
    const parts = view.data.components
      .filter((part) => part.arm === name && part.load === load.name && part.role !== 'generator')
      .sort(byRole)
    return parts.length === 0 ? [] : [{ arm: name, parts }]
  })
}

/** What is compared. Kubernetes' own node is mostly there without a mesh, whatever the load; it stands only in the table. */
function compared(bills: readonly Bill[]): Bill[] {
  return bills.map(({ arm, parts }) => ({ arm, parts: parts.filter(({ role }) => role !== 'cluster') }))
}

function amountOf(resource: Resource, part: ComponentCost): number {
  return resource === 'cpu' ? part.cpu : part.memoryBytes
}

function totalOf(resource: Resource, parts: readonly ComponentCost[]): number {
  return parts.reduce((sum, part) => sum + amountOf(resource, part), 0)
}

function sentenceOf(bills: readonly Bill[], resource: Resource): string {
  const most = bills.toSorted((a, b) => totalOf(resource, b.parts) - totalOf(resource, a.parts))[0]
  if (!most) return ''
  const all = totalOf(resource, most.parts)
  const ofMesh = most.parts.filter(({ role }) => MESH_ROLES.has(role))
  const share = all > 0 ? `, ${formatNumber((totalOf(resource, ofMesh) / all) * 100, 2)} % of it for the mesh` : ''
  const what = resource === 'cpu' ? 'CPU time per million requests' : 'memory'
  return `${most.arm} uses the most ${what}: ${formatLevel(UNITS[resource], all)}${share}.`
}

function drawing(bills: readonly Bill[], resource: Resource, given: Frame): TopLevelSpec {
  const frame = fitted(given, bills.length)
  const x = axisFor(resource, bills)
  const segments = bills.flatMap(({ parts }) => stacked(parts, resource))
  const names = bills.map(({ arm }) => arm)
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
        mark: { type: 'text', fill: PAPER, fontSize: 11, baseline: 'middle', aria: false, tooltip: null },
        encoding: { x: { field: 'middle' }, text: { field: 'name' } },
      },
      {
        data: { values: bills.map(({ arm, parts }) => total(arm, parts, resource)) },
        mark: { type: 'text', align: 'left', dx: 7, baseline: 'middle', fontWeight: 600 },
        encoding: { x: { field: 'to' }, text: { field: 'text' } },
      },
    ],
  }
}

function fitted(frame: Frame, rows: number): Frame {
  return {
    ...frame,
    top: 4,
    left: isNarrow(frame) ? 104 : 142,
    right: 74,
    height: 4 + frame.bottom + rows * ROW,
  }
}

/** As long as the longest bar: its total is written beyond the end. */
function axisFor(resource: Resource, bills: readonly Bill[]): Axis {
  const totals = bills.map(({ parts }) => totalOf(resource, parts))
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
  return `truncate(datum.label, ${isNarrow(frame) ? 13 : 20})`
}

function stacked(parts: readonly ComponentCost[], resource: Resource) {
  let from = 0
  return parts.map((part) => {
    const amount = amountOf(resource, part)
    const to = from + amount
    const segment = {
      arm: part.arm,
      series: part.arm,
      name: part.component,
      say: `${part.arm}, ${part.component} (${ROLE_STYLES[part.role].title}): ${formatLevel(UNITS[resource], amount)}`,
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
  return { arm, to, text: shorten(formatLevel(UNITS[resource], to), 10) }
}
