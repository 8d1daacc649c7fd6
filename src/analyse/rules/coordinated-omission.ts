import { formatLatency, formatNumber } from '../../model/units.ts'
import { type Rule, warning } from './rule.ts'

const RATIO = 1.2

/** The part of the difference that is the generator's own lateness hides nothing. */
export const coordinatedOmission: Rule = {
  name: 'coordinated-omission',
  number: 'E3',
  title: 'Service time and response time agree',
  judge({ reading, service, response }) {
    const own = reading.generator.late?.p99 ?? 0
    if (!response || response.p99 <= RATIO * service.p99 + own) return undefined
    return warning(
      `At p99 the response time is ${formatLatency(response.p99)} and the service time ${formatLatency(service.p99)}: ${formatNumber(response.p99 / service.p99)} times.`,
      'Requests waited behind slow answers. The service time leaves that out; callers would have felt it.',
      'Read the response time.',
    )
  },
}
