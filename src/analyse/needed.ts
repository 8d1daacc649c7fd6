import { MOST_BLOCKS } from '../model/plan.ts'
import { reach } from '../stats/interval.ts'
import { rootWhole } from '../stats/root.ts'
import type { Weighed } from './weigh.ts'

/** Where a mean is decided: `noise` is left with certainty, or `telling` is not. On the scale of the mean, 0 being none. */
export interface Borders {
  readonly noise: number
  readonly telling: number
}

export interface Needed {
  readonly blocks: number
  readonly cohorts: number
}

/**
 * How many blocks in all, or cohorts of as many blocks as now, would decide if estimate and scatter stay where they are.
 * Absent where nothing is known of the scatter, or where not even thousands would do.
 */
export function neededToDecide({ estimate, basis, error }: Weighed, { noise, telling }: Borders): Needed | undefined {
  if (error === undefined) return undefined
  const byCohorts = basis.unit === 'cohorts'
  const now = byCohorts ? basis.cohorts : estimate.n
  // Every cohort has the A/A pairs too.
  const lent = (basis.lent ?? 0) / now
  const half = (n: number) =>
    (reach(Math.round(n - 1 + lent * n)) * error * Math.sqrt(now)) / Math.sqrt(n) + (basis.widened ?? 0)
  const center = Math.abs(estimate.center)
  const decided = (n: number) => center + half(n) <= telling || (center > noise && half(n) < center)
  if (!decided(MOST_BLOCKS)) return undefined
  const n = decided(now + 1) ? now + 1 : rootWhole(now + 1, MOST_BLOCKS, decided)
  return byCohorts
    ? { blocks: Math.ceil((n * estimate.n) / now), cohorts: n }
    : { blocks: n, cohorts: Math.max(1, basis.cohorts) }
}
