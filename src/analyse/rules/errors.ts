import { knownCause } from '../../loads/messages.ts'
import type { Reading } from '../../model/result.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

const TOLERATED = 0.001

export const errors: Rule = {
  name: 'errors',
  title: 'Requests were answered without error',
  problem: 'Requests failed',
  findsDisturbance: true,
  findsOverload: true,
  ofEach: true,
  judge: ({ reading }) => [...failed(reading), ...resent(reading)],
}

function failed({ errors, requests, codes, generator }: Reading): Objection[] {
  if (errors === 0) return []
  const share = errors / requests
  const answers = Object.entries(codes).map(([code, n]) => `${code}: ${formatNumber(n, 9)}`)
  const known = knownCause(generator.messages) ?? knownCause(Object.keys(codes))
  const said = known === undefined || known.message in codes ? '' : ` The load generator reported: ${known.message}.`
  const cause = `${formatNumber(errors, 9)} of ${count(requests, 'request')} (${formatShare(share)}) failed; answers were ${list(answers)}.${said}`
  if (share <= TOLERATED) {
    return [
      warning(
        cause,
        'Latencies include successful requests only.',
        known?.remedy ?? 'See the raw output for the errors.',
      ),
    ]
  }
  return [
    invalid(
      cause,
      'Failed requests often end early or never, so the latencies of the others are not representative.',
      known?.remedy ?? 'Check the raw output and the logs of proxy and server; lower the rate if they were overloaded.',
    ),
  ]
}

/** Requests that the load generator sent again after a reset. Callers that do not retry would see an error. */
function resent({ requests, generator: { resent: again = 0, messages } }: Reading): Objection[] {
  if (again === 0) return []
  const share = again / requests
  const why = messages.find((message) => message.startsWith('Closing dead socket'))
  const said = why === undefined ? '' : ` The load generator reported: ${why}.`
  const cause = `The load generator sent ${formatNumber(again, 9)} of ${count(requests, 'request')} (${formatShare(share)}) again, because the connection was closed before the answer came.${said}`
  const judgement = share > TOLERATED ? invalid : warning
  return [
    judgement(
      cause,
      'The load generator does not count them as errors; their latencies include both attempts and a new connection.',
      'Find what closes connections in use: the server, a proxy that restarts or drains, a limit on requests per connection, or an idle time-out.',
    ),
  ]
}
