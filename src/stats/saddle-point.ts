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
