import type { JudgedTrial, Problem } from '../model/analysis.ts'
import type { FailureData } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Result } from '../model/result.ts'
import { clockStep } from './rules/clock-step.ts'
import { ofTheClock, rules } from './rules/index.ts'
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

/** Where a clock was stepped, what the times of the requests seem to say is of the clock, and only that is said. */
function problemsOf(view: TrialView): Problem[] {
  const isStepped = [clockStep.judge(view)].flat().some((objection) => objection?.severity === 'invalid')
  return rules.flatMap(({ name, judge }) => {
    if (isStepped && ofTheClock.has(name)) return []
    const objections = judge(view)
    return objections === undefined ? [] : [objections].flat().map((objection) => ({ rule: name, ...objection }))
  })
}

/** Exit codes prove no success, so a trial counts only where a measurement could be read. */
function failed({ message, cause, fix }: FailureData): Problem {
  return {
    rule: 'trial-failed',
    severity: 'invalid',
    cause: sentence(cause === undefined ? message : `${message}${ENDED.test(message) ? '' : ':'} ${cause}`),
    effect: 'There is no measurement: its block lacks this arm under this load.',
    remedy: fix ?? 'See the raw output of the trial and the events of the run.',
  }
}

const ENDED = /[.!?:]$/

/** What programs say ends as they please; an effect stands behind it. */
function sentence(text: string): string {
  return ENDED.test(text) ? text : `${text}.`
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
