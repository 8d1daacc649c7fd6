import { rootWhole } from './root.ts'

/**
 * Poisson and binomial densities in the saddle-point form of C. Loader, "Fast and accurate computation of binomial
 * probabilities" (2000): no difference of large logarithms is formed, so that all digits hold for any size. The counts
 * may be real numbers, which is what the incomplete beta function and the noncentral t build on.
 */

/** e^−mean · mean^x / Γ(x + 1), for x ≥ 0. */
export function poissonDensity(x: number, mean: number): number {
  if (mean === 0) return x === 0 ? 1 : 0
  if (x === 0) return Math.exp(-mean)
  return Math.exp(-stirlingError(x) - deviance(x, mean)) / Math.sqrt(2 * Math.PI * x)
}

/** Γ(n + 1) / (Γ(x + 1) Γ(n − x + 1)) · p^x · q^(n − x), for 0 ≤ x ≤ n. `q` is 1 − p, given apart where it is small. */
export function binomialDensity(x: number, n: number, p: number, q = 1 - p): number {
  if (x < 0 || x > n) return 0
  if (p === 0 || q === 0) return x === (p === 0 ? 0 : n) ? 1 : 0
  if (x === 0) return Math.exp(n * (p < q ? Math.log1p(-p) : Math.log(q)))
  if (x === n) return Math.exp(n * (q < p ? Math.log1p(-q) : Math.log(p)))
  const corrections = stirlingError(n) - stirlingError(x) - stirlingError(n - x)
  const exponent = corrections - deviance(x, n * p) - deviance(n - x, n * q)
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * x * (n - x)))
}

/** What Stirling's formula lacks: ln Γ(x + 1) − ln(√(2πx) · (x/e)^x), for x > 0. */
export function stirlingError(x: number): number {
  return (x < 15 ? HALVES[2 * x] : undefined) ?? byStirling(x)
}

/** By the series from 15 on, below by the step from x + 1 to x that follows from Γ(x + 2) = (x + 1) Γ(x + 1). */
function byStirling(x: number): number {
  if (x < 15) return byStirling(x + 1) + (x + 0.5) * Math.log1p(1 / x) - 1
  const square = x * x
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / x
}

/** For ½, 1, 1½, … which whole counts and degrees of freedom ask for all the time. */
const HALVES = Array.from({ length: 30 }, (_, doubled) => byStirling(doubled / 2))

/** x · ln(x / mean) + mean − x, by its series in (x − mean) / (x + mean) where the terms would cancel. */
function deviance(x: number, mean: number): number {
  const gap = x - mean
  if (Math.abs(gap) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - gap
  const v = gap / (x + mean)
  let sum = gap * v
  let power = 2 * x * v
  for (let odd = 3; ; odd += 2) {
    power *= v * v
    const next = sum + power / odd
    if (next === sum) return sum
    sum = next
  }
}

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

/** P(X ≤ k) for X binomial of n trials of chance p: I_(1−p)(n − k, k + 1) (DLMF 8.17.5). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0
  return k >= n ? 1 : incompleteBeta(1 - p, n - Math.floor(k), Math.floor(k) + 1, p)
}

/** The smallest k with P(X ≤ k) ≥ level. */
export function binomialQuantile(level: number, n: number, p: number): number {
  return rootWhole(-1, n, (k) => binomialCdf(k, n, p) >= level)
}

/**
 * P(Z ≤ z) for the standard normal. Near the middle by the series ½ + φ(z) · (z + z³/3 + z⁵/15 + …) of G. Marsaglia,
 * "Evaluating the normal distribution" (2004); in the tails by Laplace's continued fraction φ(z) / (z + 1/(z + 2/(z + …))),
 * which keeps the digits of small probabilities.
 */
export function normalCdf(z: number): number {
  if (z < -3) return normalDensity(z) / mills(-z)
  if (z > 3) return 1 - normalDensity(z) / mills(z)
  return 0.5 + normalDensity(z) * series(z)
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
}

function series(z: number): number {
  let term = z
  let sum = z
  for (let odd = 3; ; odd += 2) {
    term *= (z * z) / odd
    const next = sum + term
    if (next === sum) return sum
    sum = next
  }
}

/** From z = 3 on, 100 levels settle every digit. */
function mills(z: number): number {
  let value = z
  for (let level = 100; level >= 1; level--) value = z + level / value
  return value
}

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
    const move = tail === 0 ? -1 : ((Math.log(tail) - target) * tail) / (t * studentDensity(t, freedom))
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
function studentDensity(t: number, freedom: number): number {
  const half = freedom / 2
  const quotient = stirlingError(half + 0.5) - stirlingError(half) + (half + 0.5) * Math.log1p(0.5 / half) - 0.5
  const scale = Math.sqrt(half / (half + 0.5)) / Math.sqrt(2 * Math.PI)
  return scale * Math.exp(quotient - (half + 0.5) * Math.log1p((t * t) / freedom))
}

/**
 * P(T ≤ t) for the noncentral t: the series of R. V. Lenth, AS 243 (1989), of incomplete beta functions under Poisson
 * weights. Only weights within ten standard deviations of their mean are summed, so that a large shift does not
 * underflow (Benton and Krishnamoorthy, 2003), and from the top down, where the recurrence of the beta functions only
 * adds. The weights of both of Lenth's sums are one Poisson density, taken at whole and at half counts.
 */
export function noncentralTCdf(t: number, freedom: number, shift: number): number {
  if (t < 0) return 1 - noncentralTCdf(-t, freedom, -shift)
  const sum = weighted((t * t) / (freedom + t * t), freedom / (freedom + t * t), freedom / 2, shift)
  return Math.min(1, Math.max(0, normalCdf(-shift) + sum / 2))
}

/** Σ Poisson(j/2; shift²/2) · I_x((j + 1)/2, b) over j; the odd terms have the sign of the shift. */
function weighted(x: number, y: number, b: number, shift: number): number {
  const center = shift * shift
  const reach = 15 * Math.abs(shift) + 60
  const top = Math.ceil(center + reach)
  let [next, second] = [top + 1, top + 2].map((index) => incompleteBeta(x, (index + 1) / 2, b, y)) as [number, number]
  let sum = 0
  for (let index = top; index >= Math.max(0, center - reach); index--) {
    const beta = second + incompleteBetaStep(x, (index + 1) / 2, b, y)
    const weight = poissonDensity(index / 2, center / 2)
    sum += shift < 0 && index % 2 === 1 ? -weight * beta : weight * beta
    second = next
    next = beta
  }
  return sum
}
