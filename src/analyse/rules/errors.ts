import { knownCause } from '../../loads/messages.ts'
import type { Reading } from '../../model/result.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

const TOLERATED = 0.001

export const errors: Rule = {
  name: 'errors',
  title: 'Requests were answered without error',
  judge: ({ reading }) => [...failed(reading), ...resent(reading)],
}

function failed({ errors, requests, codes, generator }: Reading): Objection[] {
  if (errors === 0) return []
  const share = errors / requests
  const answers = Object.entries(codes).map(([code, n]) => `${code}: ${formatNumber(n, 9)}`)
  const known = knownCause(generator.messages) ?? knownCause(Object.keys(codes))
  const said = known === undefined || known.message in codes ? '' : ` The load generator said: ${known.message}.`
  const cause = `${formatNumber(errors, 9)} of ${count(requests, 'request')} (${formatShare(share)}) failed; answers were ${list(answers)}.${said}`
  if (share <= TOLERATED) {
    return [
      warning(
        cause,
        'Latencies are of successful requests only.',
        known?.fix ?? 'Look at the raw output if errors matter to you.',
      ),
    ]
  }
  return [
    invalid(
      cause,
      'Failed requests often answer faster or not at all, so the latencies of the rest do not stand for the service.',
      known?.fix ?? 'Look at the raw output and the logs of proxy and server; lower the rate if they were overloaded.',
    ),
  ]
}

/** A caller without such a second try would have seen an error. */
function resent({ requests, generator: { resent: again = 0, messages } }: Reading): Objection[] {
  if (again === 0) return []
  const share = again / requests
  const why = messages.find((message) => message.startsWith('Closing dead socket'))
  const said = why === undefined ? '' : ` The load generator said: ${why}.`
  const cause = `${formatShare(share)} of the requests were reset and sent again: for ${formatNumber(again, 9)} of ${formatNumber(requests, 9)} the connection was closed before the answer came.${said}`
  const judgement = share > TOLERATED ? invalid : warning
  return [
    judgement(
      cause,
      'The load generator counts no error for them, and their latencies contain both tries and a new connection.',
      'See who closes connections that are in use: the server, a proxy that restarts or drains, a limit on requests per connection, or an idle time-out.',
    ),
  ]
}
