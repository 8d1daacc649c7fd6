import { formatLatency, formatShare } from '../../model/units.ts'
import { count } from '../wording.ts'
import { type Rule, warning } from './rule.ts'

const SHARE = 0.001

export const commonPauses: Rule = {
  name: 'common-pauses',
  number: 'E13',
  title: 'Connections did not pause together',
  judge({ reading }) {
    const { pauses } = reading.generator
    if (!pauses || !(pauses.seconds / reading.seconds > SHARE)) return undefined
    return warning(
      `At least half of the connections stalled together in ${count(pauses.count, 'moment')}, ${formatLatency(pauses.seconds)} in all (${formatShare(pauses.seconds / reading.seconds)} of the window).`,
      'A cause that all connections share (garbage collection, the host, one proxy) makes up the tail.',
      'See whether the baseline has the same pauses: then it is the host or the client, not the mesh.',
    )
  },
}
