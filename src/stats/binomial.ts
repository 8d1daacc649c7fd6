import { incompleteBeta } from './incomplete-beta.ts'
import { rootWhole } from './root.ts'

/** P(X ≤ k) for X binomial of n trials of chance p: I_(1−p)(n − k, k + 1) (DLMF 8.17.5). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0
  return k >= n ? 1 : incompleteBeta(1 - p, n - Math.floor(k), Math.floor(k) + 1, p)
}

/** The smallest k with P(X ≤ k) ≥ level. */
export function binomialQuantile(level: number, n: number, p: number): number {
  return rootWhole(-1, n, (k) => binomialCdf(k, n, p) >= level)
}
