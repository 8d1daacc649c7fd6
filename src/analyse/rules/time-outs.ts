import { formatLatency, formatNumber } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

export const timeOuts: Rule = {
  name: 'time-outs',
  title: 'No request ran into the time-out',
  judge({ reading }) {
    const { timeouts = 0, timeout } = reading.generator
    if (timeouts === 0) return undefined
    const after = timeout === undefined ? '' : ` after ${formatLatency(timeout)}`
    const share = formatNumber((1 - timeouts / reading.requests) * 100, 6)
    return warning(
      `${count(timeouts, 'request')} timed out${after}.`,
      `How long they would have taken is not known: quantiles beyond p${share} are lower bounds.`,
      'Raise the time-out, or read the quantiles below that only.',
    )
  },
}
