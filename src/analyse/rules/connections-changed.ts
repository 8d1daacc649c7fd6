import { TOOL_TRAITS } from '../../model/traits.ts'
import { count } from '../../model/words.ts'
import { invalid, type Rule, warning } from './rule.ts'

export const connectionsChanged: Rule = {
  name: 'connections-changed',
  title: 'The load used the configured number of connections',
  problem: 'The number of connections changed',
  findsOverload: true,
  ofEach: true,
  judge({ reading, load }) {
    // A script with its own shape says how many.
    if (load.shape !== undefined) return undefined
    const used = reading.generator.connections
    if (used === load.connections) return undefined
    const cause = `The load used ${count(used, 'connection')} instead of ${load.connections}.`
    const effect = 'The concurrency is not the one in the scenario.'
    if (TOOL_TRAITS[load.tool].addsConnections && used > load.connections) {
      return warning(
        `${cause} ${load.tool} added virtual users during the measurement.`,
        `${effect} Starting them delays requests.`,
        'Start with more connections.',
      )
    }
    return invalid(
      cause,
      effect,
      'Give the load at least two requests per connection, and no more connections than needed.',
    )
  },
}
