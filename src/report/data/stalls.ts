import type { Analysis, JudgedTrial } from '../../model/analysis.ts'
import type { Trial } from '../../model/plan.ts'
import type { Timeline } from '../../model/result.ts'
import { MICROS, type Seconds } from '../../model/units.ts'

/** Stalls that are shown of a load. */
const STALLS = 2

/** A trial with a stall that the analysis found. */
export interface Stall {
  readonly trial: Trial
  readonly status: JudgedTrial['status']
  readonly timeline: Timeline
  /** The cause in the analysis. */
  readonly cause: string
  /** Second of the window, from 0, that has the slowest request. */
  readonly second: number
  readonly slowest: Seconds
}

const RULE = 'stall-seen'

/** Measured trials with a stall. */
export function stalledIn(trials: readonly JudgedTrial[]): JudgedTrial[] {
  return trials.filter(
    ({ result, problems }) => result.outcome.status === 'measured' && problems.some(({ rule }) => rule === RULE),
  )
}

/** The worst stalls of each load. */
export function worstStalls({ trials, record }: Analysis): Stall[] {
  const byLoad = Map.groupBy(stalledIn(trials), ({ result }) => result.trial.load)
  return [...byLoad.values()].flatMap((those) => worstOf(those, record))
}

/** The slowest first. */
function worstOf(trials: readonly JudgedTrial[], record: Analysis['record']): Stall[] {
  let worst: readonly Stall[] = []
  for (const { result, status, problems } of trials) {
    const { trial, outcome } = record.details(result.trial.id)
    const cause = problems.find(({ rule }) => rule === RULE)?.cause
    if (cause === undefined || outcome.status === 'failed') continue
    const { timeline } = outcome.reading
    const most = Math.max(...timeline.max)
    const second = timeline.max.indexOf(most)
    const stall = { trial, status, timeline, cause, second, slowest: most / MICROS }
    worst = [...worst, stall].sort((a, b) => b.slowest - a.slowest).slice(0, STALLS)
  }
  return [...worst]
}
