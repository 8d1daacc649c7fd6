import { formatLatency, formatNumber } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

export const timeOuts: Rule = {
  name: 'time-outs',
  title: 'No request timed out',
  problem: 'Requests timed out',
  findsDisturbance: true,
  findsOverload: true,
  judge({ reading }) {
    const { timeouts = 0, timeout } = reading.generator
    if (timeouts === 0) return undefined
    const after = timeout === undefined ? '' : ` after ${formatLatency(timeout)}`
    const share = formatNumber((1 - timeouts / reading.requests) * 100, 6)
    return warning(
      `${count(timeouts, 'request')} timed out${after}.`,
      `Their full duration is unknown: quantiles above p${share} are lower bounds.`,
      'Raise the time-out, or use only the quantiles below that.',
    )
  },
}
