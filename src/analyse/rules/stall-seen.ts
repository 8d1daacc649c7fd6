import { formatLatency, MICROS } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

const TIMES = 10
/** Seconds of latency. */
const FLOOR = 0.02
const SECONDS_TO_JUDGE = 5

/** Finds seconds in which a tenth of the requests took ten times as long as in the median second. */
export const stallSeen: Rule = {
  name: 'stall-seen',
  title: 'No second stalled',
  problem: 'Seconds with a stall',
  findsDisturbance: true,
  usesClock: true,
  judge({ reading }) {
    const { p90, requests, errors } = reading.timeline
    if (p90.length < SECONDS_TO_JUDGE || p90.every((micros) => micros <= FLOOR * MICROS)) return undefined
    // A second without an answer has no latency, and 0 in the time line.
    const answered = p90.filter((_, second) => (requests[second] ?? 0) > (errors[second] ?? 0))
    if (answered.length < SECONDS_TO_JUDGE) return undefined
    const usual = answered.toSorted((a, b) => a - b)[Math.floor(answered.length / 2)] ?? 0
    const limit = Math.max(FLOOR * MICROS, TIMES * usual)
    const stalled = p90.flatMap((micros, second) => (micros > limit ? [{ micros, second }] : []))
    const [first] = stalled
    if (!first) return undefined
    const took = `${formatLatency(first.micros / MICROS)} or longer (usually ${formatLatency(usual / MICROS)})`
    return warning(
      `In ${count(stalled.length, 'second')} of ${p90.length}, 10 % of the requests took ${took}; the first is second ${first.second}.`,
      'The service stalled. The highest quantiles come from these seconds, not from normal operation.',
      'Check the time line, and whether the baseline stalls as well.',
    )
  },
}
