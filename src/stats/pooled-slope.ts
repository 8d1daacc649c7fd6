import type { Estimate } from '../model/analysis.ts'
import { reach } from './interval.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The slope that groups of different levels have in common, by least squares with one intercept per group, with its 95 %
 * interval: points are taken relative to the means of their group, and each group costs a degree of freedom.
 * Absent where fewer than two degrees of freedom are left or x does not vary within any group.
 */
export function pooledSlope(groups: readonly (readonly Point[])[]): Estimate | undefined {
  const filled = groups.filter((group) => group.length > 1)
  const points = filled.flatMap(centred)
  const freedom = points.length - filled.length - 1
  const xx = sum(points, ({ x }) => x * x)
  if (freedom < 2 || xx === 0) return undefined
  const center = sum(points, ({ x, y }) => x * y) / xx
  const residual = sum(points, ({ x, y }) => (y - center * x) ** 2)
  const half = reach(freedom) * Math.sqrt(residual / freedom / xx)
  return { center, lo: center - half, hi: center + half, n: points.length }
}

function centred(group: readonly Point[]): Point[] {
  const x0 = sum(group, ({ x }) => x) / group.length
  const y0 = sum(group, ({ y }) => y) / group.length
  return group.map(({ x, y }) => ({ x: x - x0, y: y - y0 }))
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
