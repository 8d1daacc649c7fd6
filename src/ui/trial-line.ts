import { viewTrial } from '../analyse/trial-view.ts'
import type { JudgedTrial } from '../model/analysis.ts'
import type { Scenario } from '../model/scenario.ts'
import { formatLatency, formatRate } from '../model/units.ts'
import type { Style } from './style.ts'

/** What a trial showed, in one line. Not a finding: one trial proves nothing. */
export function trialLine(judged: JudgedTrial, scenario: Scenario, style: Style): string {
  const { trial, outcome } = judged.result
  const name = `${trial.arm} ${trial.load}`
  if (outcome.status === 'failed') return `${name}  ${style.red('failed')}: ${style.plain(outcome.failure.message)}`
  const seen = style.plain(figures(judged, scenario))
  if (judged.status === 'valid') return `${name}  ${seen}`
  const causes = judged.problems.filter(({ severity }) => severity === 'invalid').map(({ cause }) => cause)
  return `${name}  ${style.dim(seen)}  ${style.yellow('invalid')}: ${style.plain(causes.join('; '))}`
}

function figures({ result }: JudgedTrial, scenario: Scenario): string {
  const view = viewTrial(result, scenario)
  if (!view) return 'unknown to the scenario'
  const { headline, reading } = view
  const rate = Math.round((reading.requests - reading.errors) / reading.seconds)
  return `p50 ${formatLatency(headline.p50)}, p99 ${formatLatency(headline.p99)}, ${formatRate(rate)}`
}
