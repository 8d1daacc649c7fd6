import type { Analysis, JudgedTrial, OperationEffects } from '../../model/analysis.ts'
import type { Trial } from '../../model/plan.ts'
import type { Timeline } from '../../model/result.ts'

/** A trial under an operation, with its time line. */
export interface OperatedTrial {
  readonly trial: Trial
  readonly timeline: Pick<Timeline, 'requests' | 'errors' | 'p50' | 'p99'>
  readonly effects: OperationEffects
}

/** The trial of each arm and load whose time line is drawn: the first one that was measured. */
export function operatedTrials({ trials, record, effects }: Analysis): OperatedTrial[] {
  const first = new Map<string, JudgedTrial>()
  for (const judged of trials) {
    const { trial, outcome } = judged.result
    const key = JSON.stringify([trial.load, trial.arm])
    if (outcome.status === 'measured' && outcome.reading.operation && !first.has(key)) first.set(key, judged)
  }
  return [...first.values()].flatMap(({ result: { trial } }): OperatedTrial[] => {
    const { outcome } = record.details(trial.id)
    const own = effects(trial.id)
    if (outcome.status === 'failed' || !own) return []
    const { requests, errors, p50, p99 } = outcome.reading.timeline
    return [{ trial, timeline: { requests, errors, p50, p99 }, effects: own }]
  })
}
