import type { JudgedTrial, Problem } from '../model/analysis.ts'
import type { FailureData } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Result } from '../model/result.ts'
import { clockStep } from './rules/clock-step.ts'
import { rules } from './rules/index.ts'
import { type TrialView, viewTrial } from './trial-view.ts'

/** Judges a result by all validity rules. */
export function judgeTrial(result: Result, plan: Plan): JudgedTrial {
  return judgeView(result, viewTrial(result, plan.scenario))
}

/** As `judgeTrial`, for callers that already have the view. */
export function judgeView(result: Result, view: TrialView | undefined): JudgedTrial {
  const { outcome } = result
  if (outcome.status === 'failed') return { result, status: 'failed', problems: [failed(outcome.failure)] }
  const problems = view ? problemsOf(view) : [unknown(result)]
  const invalid = problems.some(({ severity }) => severity === 'invalid')
  return { result, status: invalid ? 'invalid' : 'valid', problems }
}

/** Where a clock stepped, request times are wrong, so the rules that depend on them are skipped. */
function problemsOf(view: TrialView): Problem[] {
  const isStepped = [clockStep.judge(view)].flat().some((objection) => objection?.severity === 'invalid')
  return rules.flatMap(({ name, problem: message, usesClock, judge }) => {
    if (isStepped && usesClock) return []
    const objections = judge(view)
    return objections === undefined
      ? []
      : [objections].flat().map((objection) => ({ rule: name, message, ...objection }))
  })
}

/** An exit code of 0 proves no success, so a trial counts only where a measurement could be read. */
function failed({ message, cause, remedy }: FailureData): Problem {
  return {
    rule: 'trial-failed',
    message: 'The trial failed',
    severity: 'invalid',
    cause: sentence(cause === undefined ? message : `${message}${ENDED.test(message) ? '' : ':'} ${cause}`),
    effect: 'There is no measurement of this arm under this load in this block.',
    remedy: remedy ?? 'Check the raw output of the trial and the events of the run.',
  }
}

const ENDED = /[.!?:]$/

/** Ends a text with a period, since the effect follows it and messages of programs may have none. */
function sentence(text: string): string {
  return ENDED.test(text) ? text : `${text}.`
}

function unknown({ trial }: Result): Problem {
  return {
    rule: 'unknown-trial',
    message: 'The trial is not in the plan',
    severity: 'invalid',
    cause: `The plan has no arm ${trial.arm} with load ${trial.load}.`,
    effect: 'The result belongs to another plan and is not used.',
    remedy: 'Keep the results of different scenarios in different runs.',
  }
}
