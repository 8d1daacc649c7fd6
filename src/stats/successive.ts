import type { CohortSpread } from './nested.ts'

/**
 * How far values scatter about a level that may step or creep: from the squares of successive differences (von Neumann
 * and others, 1941), which a step enters once. Degrees of freedom by the variance of that estimate for a level that
 * stays, 2(n − 1)² / (3n − 4), rounded down. Absent below two values.
 */
export function successiveSpread(values: readonly number[]): CohortSpread | undefined {
  const n = values.length
  if (n < 2) return undefined
  const squares = values.slice(1).reduce((sum, value, index) => sum + (value - (values[index] ?? value)) ** 2, 0)
  return {
    deviation: Math.sqrt(squares / (2 * (n - 1))),
    freedom: Math.floor((2 * (n - 1) ** 2) / (3 * n - 4) + 1e-9),
  }
}

/** What several sources know of the same scatter, each by its degrees of freedom. */
export function pooledSpread(spreads: readonly CohortSpread[]): CohortSpread | undefined {
  const freedom = spreads.reduce((sum, one) => sum + one.freedom, 0)
  if (freedom === 0) return undefined
  const squares = spreads.reduce((sum, one) => sum + one.freedom * one.deviation ** 2, 0)
  return { deviation: Math.sqrt(squares / freedom), freedom }
}
