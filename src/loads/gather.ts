import type { Generator, Measured, Timeline } from '../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { summarise } from '../stats/summarise.ts'
import { type LatencyHistogram, latencyHistogram } from './histogram.ts'
import { timelineBuilder } from './timeline.ts'

/** Takes requests one by one, in any order, and makes of them what does not depend on the tool. */
export interface Gathering {
  readonly service: LatencyHistogram
  /**
   * `at`: its place in the window: the intended send, or the real one in a closed loop. `response` is ignored in a
   * closed loop.
   */
  answered(at: Micros, service: Micros, response: Micros): void
  failed(at: Micros): void
  latency(): Measured['latency']
  timeline(): Timeline
  /** Absent where the first tenth or the second half holds no success. */
  settling(): Generator['settling']
}

/** `seconds` and `expected`: length of the window, and about how many requests it will hold. */
export function gather(loop: 'open' | 'closed', seconds: Seconds, expected: number): Gathering {
  const isOpen = loop === 'open'
  const service = latencyHistogram()
  const response = latencyHistogram()
  const timeline = timelineBuilder(seconds, expected)
  // Settling is judged by the service time: it tells of the target, where the response time also tells of a queue.
  const first = latencyHistogram()
  const last = latencyHistogram()
  const firstEnds = 0.1 * seconds * MICROS
  const lastBegins = 0.5 * seconds * MICROS

  return {
    service,
    answered(at, serviceTime, responseTime) {
      service.record(serviceTime)
      if (isOpen) response.record(responseTime)
      timeline.answered(Math.floor(at / MICROS), isOpen ? responseTime : serviceTime)
      if (at < firstEnds) first.record(serviceTime)
      else if (at >= lastBegins) last.record(serviceTime)
    },
    failed(at) {
      timeline.failed(Math.floor(at / MICROS))
    },
    latency: () => ({
      service: service.encode(),
      ...(isOpen && { response: response.encode() }),
      summary: { service: summarise(service), ...(isOpen && { response: summarise(response) }) },
    }),
    timeline: timeline.build,
    settling: () => (first.count > 0 && last.count > 0 ? settlingOf(first, last) : undefined),
  }
}

function settlingOf(first: LatencyHistogram, last: LatencyHistogram): NonNullable<Generator['settling']> {
  return {
    p50First: first.quantile(0.5),
    p50Last: last.quantile(0.5),
    p99First: first.quantile(0.99),
    p99Last: last.quantile(0.99),
  }
}
