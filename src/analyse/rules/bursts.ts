import { count } from '../../model/words.ts'
import { invalid, type Rule, warning } from './rule.ts'

export const bursts: Rule = {
  name: 'bursts',
  title: 'Requests were spread evenly and none was skipped',
  judge({ reading, load }) {
    const { uniform, catchUp, connections } = reading.generator
    if (load.rate !== 'max' && catchUp === false) {
      return invalid(
        'The generator skipped requests that had become late.',
        'What waited behind a stall was never sent: the response time looks far better than it was.',
        'Let the generator catch up (fortio: without -nocatchup).',
      )
    }
    if (uniform !== false || connections < 2) return undefined
    return warning(
      `${count(connections, 'connection')} sent at the same instants.`,
      'Latency contains the queue that each burst makes for itself.',
      'Spread the connections (fortio: -uniform).',
    )
  },
}
