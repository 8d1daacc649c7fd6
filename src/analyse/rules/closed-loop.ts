import { count } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

export const closedLoop: Rule = {
  name: 'closed-loop',
  title: 'Latency was measured at a fixed rate',
  judge({ load }) {
    if (load.rate !== 'max') return undefined
    return warning(
      `${count(load.connections, 'connection')} sent as fast as answers came.`,
      'Latency restates throughput here (connections divided by rate), and a stall stops the clock. Only throughput and cost per request say something.',
      'Compare latency under a load with a rate.',
    )
  },
}
