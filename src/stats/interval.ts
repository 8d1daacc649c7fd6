import type { Estimate } from '../model/analysis.ts'
import { mean, sampleVariance } from './moments.ts'
import { studentQuantile } from './student.ts'

/** Of a two-sided interval. A one-sided bound of level 1 − α is an end of the two-sided interval of level 1 − 2α. */
export const LEVEL = 0.95

/** By level and degrees of freedom; kept, since a table asks for the same few again and again. */
const REACH = new Map<number, Map<number, number>>()

/** The t that a two-sided interval reaches from its centre. */
export function reach(freedom: number, level = LEVEL): number {
  if (!Number.isInteger(freedom)) return studentQuantile((1 + level) / 2, freedom)
  const known = REACH.get(level) ?? new Map<number, number>()
  REACH.set(level, known)
  const t = known.get(freedom) ?? studentQuantile((1 + level) / 2, freedom)
  known.set(freedom, t)
  return t
}

/** Mean with a t interval: mean ± t · s/√n. One value has no interval, none has no estimate. */
export function meanInterval(values: readonly number[], level = LEVEL): Estimate | undefined {
  const n = values.length
  if (n === 0) return undefined
  const center = mean(values)
  if (n === 1) return { center, n }
  const half = reach(n - 1, level) * Math.sqrt(sampleVariance(values) / n)
  return { center, lo: center - half, hi: center + half, n }
}

/** Geometric mean with a t interval on logarithms; absent where a value is not positive. */
export function geometricInterval(values: readonly number[], level = LEVEL): Estimate | undefined {
  if (values.some((value) => !(value > 0))) return undefined
  const onLogs = meanInterval(values.map(Math.log), level)
  return onLogs && exponential(onLogs)
}

/** From logarithms back to ratios. */
export function exponential({ center, lo, hi, n }: Estimate): Estimate {
  return {
    center: Math.exp(center),
    ...(lo === undefined ? {} : { lo: Math.exp(lo) }),
    ...(hi === undefined ? {} : { hi: Math.exp(hi) }),
    n,
  }
}
