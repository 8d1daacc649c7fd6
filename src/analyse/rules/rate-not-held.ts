import { formatDuration, formatNumber, formatRate, formatShare } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/** Share of the requests that the schedule may lack, or have too many, beyond one per connection. */
const UNPLANNED = 0.001
/** Least share of its duration that a closed loop takes. */
const SHORT = 0.9
/** Share of planned requests that may be lost. Smaller losses affect only the highest quantiles, which are withheld. */
const LOST = 0.01

export const rateNotHeld: Rule = {
  name: 'rate-not-held',
  title: 'The load generator held the rate',
  problem: 'The load generator did not hold the rate',
  findsOverload: true,
  ofEach: true,
  usesClock: true,
  judge(trial) {
    const cause = shortfall(trial)
    if (cause !== undefined) return objection(cause)
    const { dropped, planned } = trial.reading
    if (trial.load.rate === 'max' || dropped === 0 || trial.load.operation !== undefined) return undefined
    return warning(
      `The load generator did not send ${formatNumber(dropped, 9)} of ${count(planned, 'planned request')} (${formatShare(dropped / planned)}).`,
      'In a real service these requests would wait or fail: quantiles that they could affect are withheld.',
      'Give the load more connections, or lower the rate.',
    )
  },
}

function shortfall({ reading, load, service }: TrialView): string | undefined {
  const { seconds, script } = reading
  // A rate is one of iterations where a script makes the requests.
  const { planned, requests, longest, noun } = script
    ? { planned: script.planned, requests: script.iterations, longest: script.iteration.max, noun: 'iteration' }
    : { planned: reading.planned, requests: reading.requests, longest: service.max, noun: 'request' }
  if (load.rate === 'max') {
    if (seconds >= load.duration * SHORT) return undefined
    return `The load lasted for ${formatDuration(seconds)} instead of ${formatDuration(load.duration)}.`
  }
  const asked = load.rate * load.duration
  // fortio gives every connection the same whole number of requests, so up to one per connection may be missing.
  const isOff = Math.abs(planned - asked) > asked * UNPLANNED + load.connections
  const scheduled = () =>
    `The schedule had ${count(planned, noun)}; ${formatRate(load.rate)} for ${formatDuration(load.duration)} needs ${formatNumber(asked, 9)}.`
  if (isOff && planned < asked) return scheduled()
  // While nothing answers, nothing can be sent: these requests are counted among the late ones.
  if (load.operation !== undefined) return isOff ? scheduled() : undefined
  const unsent = planned - requests
  if (unsent / planned > LOST) {
    return `The load generator did not ${script ? 'finish' : 'send'} ${formatNumber(unsent, 9)} of ${count(planned, `planned ${noun}`)} (${formatShare(unsent / planned)}).`
  }
  if (isOff) return scheduled()
  const expected = planned / load.rate
  // The last answer may take as long as the longest one, and a connection may start one interval late.
  const interval = load.connections / load.rate
  if (seconds - expected > LOST * expected + interval + longest) {
    return `${count(requests, noun)} took ${formatDuration(seconds)} instead of ${formatDuration(expected)}: ${formatRate(requests / seconds)} instead of ${formatRate(load.rate)}.`
  }
  return undefined
}

function objection(cause: string): Objection {
  return invalid(
    cause,
    'The arm had another load than the others, so its figures cannot be compared with theirs.',
    'Lower the rate or give the load more connections. If only this arm cannot hold the rate, sweep the rate to find its limit.',
  )
}
