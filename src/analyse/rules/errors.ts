import { formatNumber, formatShare } from '../../model/units.ts'
import { count, list } from '../wording.ts'
import { invalid, type Rule, warning } from './rule.ts'

const TOLERATED = 0.001

export const errors: Rule = {
  name: 'errors',
  number: 'E7',
  title: 'Requests were answered without error',
  judge({ reading }) {
    if (reading.errors === 0) return undefined
    const share = reading.errors / reading.requests
    const codes = Object.entries(reading.codes).map(([code, n]) => `${code}: ${formatNumber(n, 9)}`)
    const cause = `${formatNumber(reading.errors, 9)} of ${count(reading.requests, 'request')} (${formatShare(share)}) failed; answers were ${list(codes)}.`
    if (share <= TOLERATED) {
      return warning(
        cause,
        'Latencies are of successful requests only.',
        'Look at the raw output if errors matter to you.',
      )
    }
    return invalid(
      cause,
      'Failed requests often answer faster or not at all, so the latencies of the rest do not stand for the service.',
      'Look at the raw output and the logs of proxy and server; lower the rate if they were overloaded.',
    )
  },
}
