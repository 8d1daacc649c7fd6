import { count } from '../../model/words.ts'
import { invalid, type Rule, warning } from './rule.ts'

export const bursts: Rule = {
  name: 'bursts',
  title: 'Requests were spread evenly and none was skipped',
  problem: 'Requests came in bursts',
  findsOverload: true,
  ofEach: true,
  judge({ reading, load }) {
    const { uniform, catchUp, connections } = reading.generator
    if (load.rate !== 'max' && catchUp === false) {
      return invalid(
        'The load generator skipped late requests.',
        'Requests that were due during a stall were not sent: the response time is too low.',
        'Let the generator catch up (fortio: without -nocatchup).',
      )
    }
    if (uniform !== false || connections < 2) return undefined
    return warning(
      `${count(connections, 'connection')} sent their requests at the same times.`,
      'Latency includes the queue that each burst creates.',
      'Spread the connections (fortio: -uniform).',
    )
  },
}
