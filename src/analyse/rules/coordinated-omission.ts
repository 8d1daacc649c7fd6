import { formatLatency, formatNumber } from '../../model/units.ts'
import { type Rule, warning } from './rule.ts'

const RATIO = 1.2

export const coordinatedOmission: Rule = {
  name: 'coordinated-omission',
  title: 'Service time and response time agree',
  problem: 'Service time hides waiting',
  findsDisturbance: true,
  findsOverload: true,
  usesClock: true,
  judge({ service, response, withheld }) {
    if (!response || withheld.has('p99') || response.p99 <= RATIO * service.p99) return undefined
    return warning(
      `The p99 of the response time is ${formatLatency(response.p99)}, ${formatNumber(response.p99 / service.p99)} times that of the service time (${formatLatency(service.p99)}).`,
      'Requests waited behind slow answers. The service time does not include this wait; callers would see it.',
      'Use the response time.',
    )
  },
}
