import { formatNumber } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

const SKEW = 1.5

export const endpointSkew: Rule = {
  name: 'endpoint-skew',
  title: 'Connections were spread evenly over the endpoints',
  judge({ reading }) {
    const destinations = Object.entries(reading.generator.destinations ?? {})
    const counts = destinations.map(([, n]) => n)
    if (Math.max(...counts) <= SKEW * Math.min(...counts)) return undefined
    if (destinations.length < 2) return undefined
    return warning(
      `Connections went to ${list(destinations.map(([address, n]) => `${address} (${formatNumber(n, 9)})`))}.`,
      'One endpoint worked harder than another: latency mixes a busy and an idle server.',
      'Use a number of connections that the endpoints divide evenly, or a single endpoint.',
    )
  },
}
