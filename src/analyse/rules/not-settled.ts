import { SAMPLES_TO_TRUST, samplesBeyond } from '../../model/quantiles.ts'
import type { Timeline } from '../../model/result.ts'
import { formatLatency, MICROS } from '../../model/units.ts'
import { mean } from '../../stats/moments.ts'
import { mser } from '../../stats/series.ts'
import { type Rule, warning } from './rule.ts'

/** Tolerated ratio of the first tenth of the window to its second half, in either direction. */
const LIMIT = { p50: 1.1, p99: 1.25 } as const

/** A quantile is compared only where the first tenth of the window has enough answers beyond it. */
export const notSettled: Rule = {
  name: 'not-settled',
  title: 'Latency was steady within the window',
  problem: 'Latency was still changing',
  findsDisturbance: true,
  findsOverload: true,
  usesClock: true,
  judge({ reading, headline }) {
    const { settling } = reading.generator
    if (!settling) return settledLate(reading.timeline)
    const { p50First, p50Last, p99First, p99Last } = settling
    const tenth = headline.count / 10
    const compared = [
      { name: 'p50', first: p50First, last: p50Last, limit: LIMIT.p50, quantile: 0.5 },
      { name: 'p99', first: p99First, last: p99Last, limit: LIMIT.p99, quantile: 0.99 },
    ].filter(({ quantile }) => samplesBeyond(quantile, tenth) >= SAMPLES_TO_TRUST)
    const moved = compared.find(({ first, last, limit }) => first > limit * last || last > limit * first)
    if (!moved) return settledLate(reading.timeline)
    const falling = moved.first > moved.last
    return warning(
      `${moved.name} was ${formatLatency(moved.first)} in the first tenth of the window and ${formatLatency(moved.last)} in its second half.`,
      falling
        ? 'The figures include warm-up.'
        : 'Latency was still rising: a longer window would give a higher figure.',
      falling ? 'Lengthen the warm-up.' : 'Lower the rate if a queue builds up, else lengthen the window.',
    )
  },
}

/** Seconds in a batch of MSER. Fewer than four batches show no trend. */
const BATCH = 5
/** Requests that the part before the cut must have: with fewer, its median may differ by chance. */
const ENOUGH = 5 * SAMPLES_TO_TRUST

/** Finds a warm-up longer than the first tenth: MSER-5 cuts the medians of the seconds, and both sides must be alike. */
function settledLate({ p50, requests }: Timeline) {
  // A second without an answer has no median; another rule reports it.
  const medians = p50.filter((_, second) => (requests[second] ?? 0) > 0)
  const { truncate } = mser(medians, BATCH)
  const before = requests.slice(0, truncate).reduce((sum, count) => sum + count, 0)
  if (truncate === 0 || medians.length < 4 * BATCH || before < ENOUGH) return undefined
  const [first, rest] = [mean(medians.slice(0, truncate)) / MICROS, mean(medians.slice(truncate)) / MICROS]
  if (first <= LIMIT.p50 * rest && rest <= LIMIT.p50 * first) return undefined
  const falling = first > rest
  return warning(
    `The median was ${formatLatency(first)} in the first ${truncate} seconds of the window and ${formatLatency(rest)} after them.`,
    falling
      ? 'The figures include warm-up.'
      : 'Latency rose within the window: a longer window would give a higher figure.',
    falling ? 'Lengthen the warm-up.' : 'Lower the rate if a queue builds up, else lengthen the window.',
  )
}
