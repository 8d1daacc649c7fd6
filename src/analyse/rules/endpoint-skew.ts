import { formatNumber } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import { type Rule, warning } from './rule.ts'

const SKEW = 1.5

export const endpointSkew: Rule = {
  name: 'endpoint-skew',
  title: 'Connections were spread evenly over the endpoints',
  problem: 'Connections were spread unevenly',
  findsDisturbance: true,
  judge({ reading }) {
    const destinations = Object.entries(reading.generator.destinations ?? {})
    const counts = destinations.map(([, n]) => n)
    if (Math.max(...counts) <= SKEW * Math.min(...counts)) return undefined
    if (destinations.length < 2) return undefined
    return warning(
      `Connections went to ${list(destinations.map(([address, n]) => `${address} (${formatNumber(n, 9)})`))}.`,
      'Endpoints had unequal load: latency mixes busy and idle servers.',
      'Use a multiple of the number of endpoints as connections, or a single endpoint.',
    )
  },
}
