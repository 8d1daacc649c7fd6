import type { Generator, Measured, Timeline } from '../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { summarise } from '../stats/summarise.ts'
import { type LatencyHistogram, latencyHistogram, mergeHistograms } from './histogram.ts'
import { timelineBuilder } from './timeline.ts'

/** Successes, side by side, in microseconds. */
export interface Answers {
  readonly count: number
  /** Place in the window: the intended send, or the real one in a closed loop. */
  readonly at: Float64Array
  readonly service: Float64Array
  /** Not read in a closed loop. */
  readonly response: Float64Array
}

/** Takes requests, in any order, and makes of them what does not depend on the tool. */
export interface Gathering {
  /** Of all successes so far. */
  service(): LatencyHistogram
  answered(answers: Answers): void
  failed(at: Micros): void
  latency(): Measured['latency']
  timeline(): Timeline
  /** Absent where the first tenth or the second half holds no success. */
  settling(): Generator['settling']
}

/** Room for so many. */
export function answersOf(most: number): Answers & { count: number } {
  return {
    count: 0,
    at: new Float64Array(most),
    service: new Float64Array(most),
    response: new Float64Array(most),
  }
}

/** `seconds` and `expected`: length of the window, and about how many requests it will hold. */
export function gather(loop: 'open' | 'closed', seconds: Seconds, expected: number): Gathering {
  const isOpen = loop === 'open'
  const response = latencyHistogram()
  const timeline = timelineBuilder(seconds, expected)
  // Settling is judged by the service time: it tells of the target, where the response time also tells of a queue.
  const first = latencyHistogram()
  const middle = latencyHistogram()
  const last = latencyHistogram()
  const firstEnds = 0.1 * seconds * MICROS
  const lastBegins = 0.5 * seconds * MICROS
  const partOf = (at: Micros) => (at < firstEnds ? first : at < lastBegins ? middle : last)
  const service = () => mergeHistograms([first, middle, last])

  return {
    service,
    answered({ count, at, service: serviceTimes, response: responseTimes }) {
      timeline.answered(at, isOpen ? responseTimes : serviceTimes, count)
      if (isOpen) response.recordAll(responseTimes, 0, count)
      // Neighbours mostly lie in the same part of the window.
      let from = 0
      for (let index = 1; index <= count; index++) {
        const part = partOf(at[from] as Micros)
        if (index < count && part === partOf(at[index] as Micros)) continue
        part.recordAll(serviceTimes, from, index)
        from = index
      }
    },
    failed: timeline.failed,
    latency: () => ({
      service: service().encode(),
      ...(isOpen && { response: response.encode() }),
      summary: { service: summarise(service()), ...(isOpen && { response: summarise(response) }) },
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
