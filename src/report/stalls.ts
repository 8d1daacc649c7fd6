import type { JudgedTrial } from '../model/analysis.ts'
import type { Trial } from '../model/plan.ts'
import type { Timeline } from '../model/result.ts'
import { MICROS, type Seconds } from '../model/units.ts'

/** A trial in which the system stood still for a moment, as the analysis has found. */
export interface Stall {
  readonly trial: Trial
  readonly status: JudgedTrial['status']
  readonly timeline: Timeline
  /** What the analysis says of it. */
  readonly cause: string
  /** Second of the window, from 0, that has the slowest request. */
  readonly second: number
  readonly slowest: Seconds
}

const RULE = 'stall-seen'

/** The slowest first. */
export function stallsOf(trials: readonly JudgedTrial[]): Stall[] {
  return trials
    .flatMap(({ result: { trial, outcome }, status, problems }): Stall[] => {
      const problem = problems.find(({ rule }) => rule === RULE)
      if (!problem || outcome.status !== 'measured') return []
      const { timeline } = outcome.reading
      const most = Math.max(...timeline.max)
      const second = timeline.max.indexOf(most)
      return [{ trial, status, timeline, cause: problem.cause, second, slowest: most / MICROS }]
    })
    .sort((a, b) => b.slowest - a.slowest)
}
