import { count } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

export const closedLoop: Rule = {
  name: 'closed-loop',
  title: 'Latency was measured at a fixed rate',
  problem: 'No fixed rate',
  judge({ load }) {
    if (load.rate !== 'max') return undefined
    if (load.shape !== undefined) {
      return warning(
        'The options of the script decided when its iterations ran.',
        'Where they wait for answers, a slower arm gets fewer requests, and a stall also stops new ones: latencies are of different loads.',
        'To compare latency, remove shape: own and give the load a rate.',
      )
    }
    return warning(
      `${count(load.connections, 'connection')} sent requests as fast as answers came.`,
      'In a closed loop, latency is connections divided by throughput, and a stall also stops new requests. Use only throughput and cost per request.',
      'To compare latency, use a load with a rate.',
    )
  },
}
