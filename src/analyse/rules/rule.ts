import type { Problem } from '../../model/analysis.ts'
import type { TrialView } from '../trial-view.ts'

/** What a rule says of a trial; its name is added by the registry. */
export type Objection = Pick<Problem, 'severity' | 'cause' | 'effect' | 'remedy'>

/** A validity rule. `title`: what holds of a trial that it has no objection to, as the report lists it. */
export interface Rule {
  /** Stable, for machines. */
  readonly name: string
  readonly title: string
  judge(trial: TrialView): Objection | readonly Objection[] | undefined
}

export function invalid(cause: string, effect: string, remedy: string): Objection {
  return { severity: 'invalid', cause, effect, remedy }
}

export function warning(cause: string, effect: string, remedy: string): Objection {
  return { severity: 'warning', cause, effect, remedy }
}
