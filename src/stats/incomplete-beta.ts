import { binomialDensity } from './saddle-point.ts'

/**
 * The regularised incomplete beta function I_x(a, b), for a, b > 0, by its continued fraction (DLMF 8.17.22). `y` is
 * 1 − x, given apart where that difference would lose digits.
 */
export function incompleteBeta(x: number, a: number, b: number, y = 1 - x): number {
  if (x <= 0) return 0
  if (y <= 0) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBetaStep(y, b, a, x) / fraction(y, b, a)
  return incompleteBetaStep(x, a, b, y) / fraction(x, a, b)
}

/** I_x(a, b) − I_x(a + 1, b) = x^a · y^b / (a · B(a, b)) (DLMF 8.17.20). */
export function incompleteBetaStep(x: number, a: number, b: number, y = 1 - x): number {
  return x === 0 ? 0 : (b / (a + b)) * binomialDensity(a, a + b, x, y)
}

/** 1 + d(1) / (1 + d(2) / (1 + …)), by Lentz's algorithm as modified by Thompson and Barnett (1986). */
function fraction(x: number, a: number, b: number): number {
  let below = 0
  let above = 1
  let value = 1
  for (let step = 1; step < ENOUGH; step++) {
    const next = coefficient(step, x, a, b)
    below = 1 / nonzero(1 + next * below)
    above = nonzero(1 + next / above)
    const factor = below * above
    value *= factor
    if (Math.abs(factor - 1) <= Number.EPSILON) break
  }
  return value
}

/** It takes some √(a + b) steps: these do for ten million. */
const ENOUGH = 10_000

/** DLMF 8.17.23: d(2m) and d(2m + 1). */
function coefficient(step: number, x: number, a: number, b: number): number {
  const m = Math.floor(step / 2)
  const scale = (a + step - 1) * (a + step)
  return step % 2 === 0 ? (m * (b - m) * x) / scale : (-(a + m) * (a + b + m) * x) / scale
}

function nonzero(value: number): number {
  return value === 0 ? Number.MIN_VALUE / Number.EPSILON : value
}
