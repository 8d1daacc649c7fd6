import type { TopLevelSpec } from 'vega-lite'
import type { ComponentCost } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { MESH_ROLES } from '../../model/usage.ts'
import { byRole, ROLE_STYLES } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, linearAxis, place } from './axes.ts'
import { CORES_TICK, framed, INK, PAPER, SIZE_TICK } from './config.ts'
import { type Frame, plotWidth } from './frame.ts'
import { namesAtLeft, shorten } from './labels.ts'

/** CPU that requests add, CPU without load, memory under load. */
type Shown = 'cpu' | 'idle' | 'memory'

/** What one arm's components cost. */
interface Bill {
  readonly arm: string
  /** In stacking order. */
  readonly parts: readonly ComponentCost[]
}

const ABOUT = {
  cpu: {
    title: 'CPU by component',
    what: 'CPU time per million requests',
    axis: 'CPU-seconds per million requests',
    unit: 'cpu-seconds-per-million',
  },
  idle: {
    title: 'CPU without load by component',
    what: 'CPU without load',
    axis: 'Cores busy without load',
    unit: 'cores',
  },
  memory: { title: 'Memory by component', what: 'memory', axis: 'Memory at the end of the window', unit: 'bytes' },
} as const
const ROW = 38
const MEBI = 2 ** 20

/** One bar for each arm, stacked by component, with the total at its end. */
export function componentChart(view: View, load: Load, shown: Shown): Chart {
  const bills = billsOf(view, load)
  const drawn = compared(bills).filter(({ parts }) => parts.some((part) => amountOf(shown, part) !== undefined))
  return {
    id: `${shown}-${view.loads.indexOf(load)}`,
    title: `${ABOUT[shown].title}, ${load.name}`,
    sentence: sentenceOf(drawn, shown),
    drawing:
      drawn.length > 0
        ? (frame) => drawing(drawn, shown, frame)
        : {
            reason:
              bills.length > 0
                ? 'No chart: this run has no idle windows, so idle use and use by requests are unknown.'
                : 'No chart: no trial of this load is valid and has its resource usage.',
          },
    columns: [
      { name: 'Arm' },
      { name: 'Component' },
      { name: 'Role' },
      ...(shown === 'memory'
        ? [
            { name: 'Memory', unit: 'bytes' as const },
            { name: 'Without load', unit: 'bytes' as const },
          ]
        : [
            { name: 'CPU per million requests', unit: 'cpu-seconds-per-million' as const },
            { name: 'Busy without load', unit: 'cores' as const },
            { name: 'Busy under load', unit: 'cores' as const },
          ]),
      { name: 'Trials', unit: 'dimensionless' },
    ],
    rows: bills.flatMap(({ parts }) =>
      parts.map((part) => [
        part.arm,
        part.component,
        ROLE_STYLES[part.role].title,
        ...(shown === 'memory' ? [part.memoryBytes, part.idle?.bytes] : [part.cpu, part.idle?.cores, part.cores]),
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

/** Drawn: the mesh and the application. The rest of the nodes and Kubernetes itself are there in every arm, and stand in the table. */
export function isCompared({ role }: Pick<ComponentCost, 'role'>): boolean {
  return role === 'application' || MESH_ROLES.has(role)
}

function compared(bills: readonly Bill[]): Bill[] {
  return bills.map(({ arm, parts }) => ({ arm, parts: parts.filter(isCompared) }))
}

/** Undefined without idle windows. */
function amountOf(shown: Shown, part: ComponentCost): number | undefined {
  return { cpu: part.cpu, idle: part.idle?.cores, memory: part.memoryBytes }[shown]
}

function totalOf(shown: Shown, parts: readonly ComponentCost[]): number {
  return parts.reduce((sum, part) => sum + (amountOf(shown, part) ?? 0), 0)
}

function sentenceOf(bills: readonly Bill[], shown: Shown): string {
  const most = bills.toSorted((a, b) => totalOf(shown, b.parts) - totalOf(shown, a.parts))[0]
  if (!most) return ''
  const all = totalOf(shown, most.parts)
  const ofMesh = totalOf(
    shown,
    most.parts.filter(({ role }) => MESH_ROLES.has(role)),
  )
  const share = all > 0 ? `, ${formatNumber((ofMesh / all) * 100, 2)} % of it for the mesh` : ''
  const isBelow = bills.some(({ parts }) => parts.some((part) => (amountOf(shown, part) ?? 0) < 0))
  const below = isBelow ? ' Values below 0 by chance are drawn as 0; the table has them.' : ''
  return `${most.arm} uses the most ${ABOUT[shown].what}: ${formatLevel(ABOUT[shown].unit, all)}${share}.${below}`
}

function drawing(bills: readonly Bill[], shown: Shown, given: Frame): TopLevelSpec {
  const names = bills.map(({ arm }) => arm)
  const { left, labelExpr } = namesAtLeft(given, names)
  const frame = fitted(given, bills.length, left)
  const x = axisFor(shown, bills)
  const segments = bills.flatMap(({ parts }) => stacked(parts, shown))
  const band = { field: 'arm', type: 'nominal', scale: { domain: names, padding: 0.28 }, sort: null } as const
  const y = { ...band, axis: { title: null, grid: false, labelExpr, labelColor: INK } } as const
  return {
    ...framed(frame),
    encoding: {
      y,
      x: { type: 'quantitative', scale: { domain: [...x.domain], nice: false }, axis: axisOf(shown, x) },
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
        data: { values: bills.map(({ arm, parts }) => total(arm, parts, shown)) },
        mark: { type: 'text', align: 'left', dx: 7, baseline: 'middle', fontWeight: 600 },
        encoding: { x: { field: 'to' }, text: { field: 'text' } },
      },
    ],
  }
}

function fitted(frame: Frame, rows: number, left: number): Frame {
  return {
    ...frame,
    top: 4,
    left,
    right: 92,
    height: 4 + frame.bottom + rows * ROW,
  }
}

/** As long as the longest bar: its total is written beyond the end. */
function axisFor(shown: Shown, bills: readonly Bill[]): Axis {
  const totals = bills.map(({ parts }) => totalOf(shown, parts))
  const { kind, ticks } = linearAxis(totals, shown === 'memory' ? MEBI : 1)
  const most = Math.max(...totals, 0) || 1
  return { kind, domain: [0, most], ticks: ticks.filter((tick) => tick <= most) }
}

function axisOf(shown: Shown, { ticks }: Axis) {
  const common = { values: [...ticks], titlePadding: 10, title: ABOUT[shown].axis }
  if (shown === 'cpu') return { ...common, format: ',~r' }
  return { ...common, labelExpr: shown === 'memory' ? SIZE_TICK : CORES_TICK }
}

function stacked(parts: readonly ComponentCost[], shown: Shown) {
  let from = 0
  return parts.map((part) => {
    const amount = amountOf(shown, part) ?? 0
    const to = from + Math.max(0, amount)
    const segment = {
      arm: part.arm,
      series: part.arm,
      name: part.component,
      say: `${part.arm}, ${part.component} (${ROLE_STYLES[part.role].title}): ${formatLevel(ABOUT[shown].unit, amount)}`,
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

function total(arm: string, parts: readonly ComponentCost[], shown: Shown) {
  const to = totalOf(shown, parts)
  return { arm, to: Math.max(0, to), text: shorten(formatLevel(ABOUT[shown].unit, to), 12) }
}
