import type { JudgedTrial, Problem } from '../model/analysis.ts'
import type { FailureData } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Result } from '../model/result.ts'
import { rules } from './rules/index.ts'
import { type TrialView, viewTrial } from './trial-view.ts'

/** A result under all validity rules. */
export function judgeTrial(result: Result, plan: Plan): JudgedTrial {
  return judgeView(result, viewTrial(result, plan.scenario))
}

/** As `judgeTrial`, of a view that is at hand. */
export function judgeView(result: Result, view: TrialView | undefined): JudgedTrial {
  const { outcome } = result
  if (outcome.status === 'failed') return { result, status: 'failed', problems: [failed(outcome.failure)] }
  const problems = view ? problemsOf(view) : [unknown(result)]
  const invalid = problems.some(({ severity }) => severity === 'invalid')
  return { result, status: invalid ? 'invalid' : 'valid', problems }
}

function problemsOf(view: TrialView): Problem[] {
  return rules.flatMap(({ name, judge }) => {
    const objections = judge(view)
    return objections === undefined ? [] : [objections].flat().map((objection) => ({ rule: name, ...objection }))
  })
}

/** E18: exit codes prove no success, so a trial counts only where a measurement could be read. */
function failed({ message, cause, fix }: FailureData): Problem {
  return {
    rule: 'trial-failed',
    severity: 'invalid',
    cause: cause === undefined ? message : `${message} ${cause}`,
    effect: 'There is no measurement: its block lacks this arm under this load.',
    remedy: fix ?? 'See the raw output of the trial and the events of the run.',
  }
}

function unknown({ trial }: Result): Problem {
  return {
    rule: 'unknown-trial',
    severity: 'invalid',
    cause: `The plan has no arm ${trial.arm} with load ${trial.load}.`,
    effect: 'The result belongs to another plan and is left out.',
    remedy: 'Keep the results of different scenarios in different runs.',
  }
}
