import { formatLatency } from '../../model/units.ts'
import { SAMPLES_TO_TRUST, samplesBeyond } from '../samples.ts'
import { type Rule, warning } from './rule.ts'

/** Ratios of the first tenth of the window to its second half, or the reverse. */
const LIMIT = { p50: 1.1, p99: 1.25 } as const

/** A first tenth with too few answers beyond a quantile says nothing about it. */
export const notSettled: Rule = {
  name: 'not-settled',
  number: 'E12',
  title: 'Latency was steady within the window',
  judge({ reading, headline }) {
    const { settling } = reading.generator
    if (!settling) return undefined
    const { p50First, p50Last, p99First, p99Last } = settling
    const tenth = headline.count / 10
    const compared = [
      { name: 'p50', first: p50First, last: p50Last, limit: LIMIT.p50, quantile: 0.5 },
      { name: 'p99', first: p99First, last: p99Last, limit: LIMIT.p99, quantile: 0.99 },
    ].filter(({ quantile }) => samplesBeyond(quantile, tenth) >= SAMPLES_TO_TRUST)
    const moved = compared.find(({ first, last, limit }) => first > limit * last || last > limit * first)
    if (!moved) return undefined
    const falling = moved.first > moved.last
    return warning(
      `${moved.name} was ${formatLatency(moved.first)} in the first tenth of the window and ${formatLatency(moved.last)} in its second half.`,
      falling
        ? 'Warming up is part of the figures.'
        : 'Latency was still growing: a longer window would give a larger figure.',
      falling ? 'Lengthen the warm-up.' : 'Lower the rate if a queue builds up, else lengthen the window.',
    )
  },
}
