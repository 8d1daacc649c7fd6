import type { TopLevelSpec } from 'vega-lite'
import { formatShare } from '../../model/units.ts'
import type { Axis } from './axes.ts'
import { framed, PAPER, quantitative, SHARE_TICK, verticalTitle } from './config.ts'
import type { Frame } from './frame.ts'

/** Simulated nights in which p99 of one load is worse. */
export interface Power {
  readonly deviation: number
  readonly increase: number
  readonly nights: number
  /** Nights in which it was called a regression. */
  readonly found: number
}

/** Not arms, so not in their colours. */
const STYLES = [
  { color: 'var(--role-node-proxy)', dash: [1, 0], shape: 'circle' },
  { color: 'var(--role-client-proxy)', dash: [7, 3], shape: 'square' },
  { color: 'var(--role-waypoint)', dash: [2, 2], shape: 'triangle-up' },
  { color: 'var(--role-cni)', dash: [9, 3, 2, 3], shape: 'diamond' },
] as const
const HALF = 0.5

/** The share of nights that find an increase, over its size: one line for each scatter. */
export function powerSpec(power: readonly Power[], given: Frame): TopLevelSpec {
  const frame = { ...given, right: 22 }
  const y: Axis = { kind: 'linear', domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] }
  const increases = [...new Set(power.map(({ increase }) => increase))]
  const ticks = [0, ...increases.filter((one) => one >= 0.05)]
  const x: Axis = { kind: 'linear', domain: [0, Math.max(...increases)], ticks }
  const positions = {
    x: quantitative('x', x, {
      labelExpr: SHARE_TICK,
      title: 'Injected increase of p99',
      titlePadding: 10,
      grid: false,
    }),
    y: quantitative('y', y, { labelExpr: SHARE_TICK, title: 'Nights that find it', ...verticalTitle(frame) }),
  }
  const lines = linesOf(power)
  const fill = { field: 'color', scale: null } as const
  const values = lines.flatMap(({ deviation, points, color, dash, shape }) =>
    points.map((point) => ({ ...told(deviation, point), color, dash, shape })),
  )
  return {
    ...framed(frame),
    data: { values },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
        encoding: {
          ...positions,
          detail: { field: 'series' },
          stroke: fill,
          strokeDash: { field: 'dash', scale: null },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 56, stroke: PAPER, strokeWidth: 1.2, opacity: 1 },
        encoding: { ...positions, fill, shape: { field: 'shape', scale: null } },
      },
      ...names(lines, positions),
    ],
  }
}

function linesOf(power: readonly Power[]) {
  const groups = [...Map.groupBy(power, ({ deviation }) => deviation)]
  return groups.map(([deviation, points], index) => {
    return { deviation, points, ...(STYLES[index % STYLES.length] ?? STYLES[0]) }
  })
}

function told(deviation: number, { increase, nights, found }: Power) {
  const series = `s_D ${formatShare(deviation)}`
  const say = `${series}, an increase of ${formatShare(increase)}: found in ${formatShare(found / nights)} of ${nights} nights`
  return { series, say, x: increase, y: found / nights }
}

/** Beside the place where a line crosses one half, the first on its left: there lines are farthest apart. */
function names(
  styled: readonly { readonly deviation: number; readonly points: readonly Power[]; readonly color: string }[],
  positions: object,
) {
  return styled.map(({ deviation, points, color }, index) => {
    const isFirst = index === 0 && styled.length > 1
    return {
      data: { values: [{ x: crossing(points), y: HALF }] },
      mark: {
        type: 'text',
        align: isFirst ? 'right' : 'left',
        baseline: 'middle',
        dx: isFirst ? -9 : 9,
        dy: isFirst ? -14 : 14,
        color,
        text: `s_D ${formatShare(deviation)}`,
      },
      encoding: positions,
    } as const
  })
}

function crossing(points: readonly Power[]): number {
  const shares = points.map(({ increase, found, nights }) => ({ x: increase, y: found / nights }))
  const index = shares.findIndex(({ y }) => y >= HALF)
  const [before, after] = [shares[index - 1], shares[index]]
  if (!before || !after) return (after ?? shares.at(-1))?.x ?? 0
  return before.x + ((HALF - before.y) / (after.y - before.y)) * (after.x - before.x)
}
