import { formatLatency, formatNumber } from '../../model/units.ts'
import { type Rule, warning } from './rule.ts'

const RATIO = 1.2

export const coordinatedOmission: Rule = {
  name: 'coordinated-omission',
  title: 'Service time and response time agree',
  judge({ service, response, withheld }) {
    if (!response || withheld.has('p99') || response.p99 <= RATIO * service.p99) return undefined
    return warning(
      `At p99 the response time is ${formatLatency(response.p99)} and the service time ${formatLatency(service.p99)}: ${formatNumber(response.p99 / service.p99)} times.`,
      'Requests waited behind slow answers. The service time leaves that out; callers would have felt it.',
      'Read the response time.',
    )
  },
}
