import type { Problem } from '../../model/analysis.ts'
import type { TrialView } from '../trial-view.ts'

/** What a rule finds in a trial; `judge-trial.ts` adds the name of the rule. */
export type Objection = Pick<Problem, 'severity' | 'cause' | 'effect' | 'remedy'>

/** A validity rule. `title`: what is true of a trial that passes it, for the list of rules; `problem`: the title of its problem. */
export interface Rule {
  /** Stable: programs may rely on it. */
  readonly name: string
  readonly title: string
  readonly problem: string
  /** It depends on times of requests, so it is skipped where a clock was stepped. */
  readonly usesClock?: true
  /** What it finds is what overload looks like: in a search for a capacity it says something of the rate, and is no problem. */
  readonly findsOverload?: true
  /** What it finds is what an operation under load brings about, or concerns quantiles, which are not told of such a load: there it is no problem. */
  readonly findsDisturbance?: true
  /** What it finds changes latencies of milliseconds. Under an operation, which is told by errors and whole seconds, it is a warning. */
  readonly blursLatency?: true
  /** Where several load generators share a load, it judges each of them too: a fault of one can vanish in the sum. */
  readonly ofEach?: true
  judge(trial: TrialView): Objection | readonly Objection[] | undefined
}

export function invalid(cause: string, effect: string, remedy: string): Objection {
  return { severity: 'invalid', cause, effect, remedy }
}

export function warning(cause: string, effect: string, remedy: string): Objection {
  return { severity: 'warning', cause, effect, remedy }
}
