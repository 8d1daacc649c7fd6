import { incompleteBeta } from './incomplete-beta.ts'
import { stirlingError } from './saddle-point.ts'

/** P(T ≤ t) for Student's t with `freedom` degrees of freedom, which need not be whole (DLMF 8.17: half of I_x(ν/2, ½)). */
export function studentCdf(t: number, freedom: number): number {
  return t < 0 ? upperTail(-t, freedom) : 1 - upperTail(t, freedom)
}

/** The t that P(T ≤ t) = p. */
export function studentQuantile(p: number, freedom: number): number {
  if (p === 0.5) return 0
  return p < 0.5 ? -upperQuantile(p, freedom) : upperQuantile(1 - p, freedom)
}

/**
 * The t > 0 that P(T > t) is so much, for less than ½: Newton's method on the logarithm of the tail against the logarithm
 * of t. That curve is concave, so that every step after the first approaches from the same side, from wherever it starts.
 */
function upperQuantile(chance: number, freedom: number): number {
  if (chance <= 0) return chance === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  const target = Math.log(chance)
  let position = Math.LN2
  for (let step = 0; step < 100; step++) {
    const t = Math.exp(position)
    const tail = upperTail(t, freedom)
    const move = tail === 0 ? -1 : ((Math.log(tail) - target) * tail) / (t * density(t, freedom))
    position += move
    if (Math.abs(move) < SETTLED) break
  }
  return Math.exp(position)
}

/** The error after a Newton step is of the order of the step's square. */
const SETTLED = 1e-9

/** P(T > t) for t ≥ 0, to full relative precision. */
function upperTail(t: number, freedom: number): number {
  const square = t * t
  return incompleteBeta(freedom / (freedom + square), freedom / 2, 0.5, square / (freedom + square)) / 2
}

/** Γ((ν + 1)/2) / (√(νπ) Γ(ν/2)) · (1 + t²/ν)^(−(ν + 1)/2), the quotient of gammas by Stirling's formula and its errors. */
function density(t: number, freedom: number): number {
  const half = freedom / 2
  const quotient = stirlingError(half + 0.5) - stirlingError(half) + (half + 0.5) * Math.log1p(0.5 / half) - 0.5
  const scale = Math.sqrt(half / (half + 0.5)) / Math.sqrt(2 * Math.PI)
  return scale * Math.exp(quotient - (half + 0.5) * Math.log1p((t * t) / freedom))
}
