import { formatDuration, formatNumber, formatRate, formatShare } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/** Of the schedule, which follows from the load alone. */
const UNPLANNED = 0.001
/** Less load than this is another load. What is lost below it can be part of the highest quantiles only, which are withheld. */
const LOST = 0.01

export const rateNotHeld: Rule = {
  name: 'rate-not-held',
  title: 'The load generator held the rate that was asked for',
  judge(trial) {
    const cause = shortfall(trial)
    if (cause !== undefined) return objection(cause)
    const { dropped, planned } = trial.reading
    if (trial.load.rate === 'max' || dropped === 0) return undefined
    return warning(
      `${formatNumber(dropped, 9)} of ${count(planned, 'planned request')} (${formatShare(dropped / planned)}) were never sent.`,
      'Callers of a real service would have waited or been turned away: quantiles that these requests could be part of are withheld.',
      'Give the load more connections, or lower the rate.',
    )
  },
}

function shortfall({ reading, load, service }: TrialView): string | undefined {
  if (load.rate === 'max') return undefined
  const { planned, requests, seconds } = reading
  const asked = load.rate * load.duration
  // fortio gives every connection the same whole number of requests, so up to one per connection may be missing.
  if (planned < asked * (1 - UNPLANNED) - load.connections) {
    return `The schedule held ${count(planned, 'request')}; ${formatRate(load.rate)} for ${formatDuration(load.duration)} asks for ${formatNumber(asked, 9)}.`
  }
  const unsent = planned - requests
  if (unsent / planned > LOST) {
    return `${formatNumber(unsent, 9)} of ${count(planned, 'planned request')} (${formatShare(unsent / planned)}) were never sent.`
  }
  const expected = planned / load.rate
  // The last answer may take as long as the longest did, and a connection may begin as late as its own interval is long.
  const interval = load.connections / load.rate
  if (seconds - expected > LOST * expected + interval + service.max) {
    return `${count(requests, 'request')} took ${formatDuration(seconds)} instead of ${formatDuration(expected)}: ${formatRate(requests / seconds)} of ${formatRate(load.rate)}.`
  }
  return undefined
}

function objection(cause: string): Objection {
  return invalid(
    cause,
    'The arm was measured under less load than the others, so its figures cannot be compared with theirs.',
    'Lower the rate or give the load more connections. If only this arm cannot hold it, that is its limit: sweep the rate to find it.',
  )
}
