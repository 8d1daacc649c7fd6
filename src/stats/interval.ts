import type { Estimate } from '../model/analysis.ts'
import { studentQuantile } from './student.ts'

const LEVEL = 0.95

/** The t that a two-sided 95 % interval reaches from its centre; kept, since a table asks for the same few again and again. */
const REACH = new Map<number, number>()

export function reach(freedom: number): number {
  const known = REACH.get(freedom)
  if (known !== undefined) return known
  const t = studentQuantile((1 + LEVEL) / 2, freedom)
  REACH.set(freedom, t)
  return t
}

/** Mean with a t interval: mean ± t · s/√n. One value has no interval, none has no estimate. */
export function meanInterval(values: readonly number[]): Estimate | undefined {
  const n = values.length
  if (n === 0) return undefined
  const center = values.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) return { center, n }
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0)
  const half = reach(n - 1) * Math.sqrt(squares / (n - 1) / n)
  return { center, lo: center - half, hi: center + half, n }
}

/** Geometric mean with a t interval on logarithms; absent where a value is not positive. */
export function geometricInterval(values: readonly number[]): Estimate | undefined {
  if (values.some((value) => !(value > 0))) return undefined
  const onLogs = meanInterval(values.map(Math.log))
  return onLogs && exponential(onLogs)
}

function exponential({ center, lo, hi, n }: Estimate): Estimate {
  return {
    center: Math.exp(center),
    ...(lo === undefined ? {} : { lo: Math.exp(lo) }),
    ...(hi === undefined ? {} : { hi: Math.exp(hi) }),
    n,
  }
}
