import { perQuantile } from '../model/quantiles.ts'
import type { Generator, Measured, QuantileBounds, Slices, Timeline } from '../model/result.ts'
import type { PerSecond, Seconds } from '../model/units.ts'
import { summarise } from '../stats/quantile-intervals.ts'
import { type LatencyHistogram, latencyHistogram, mergeHistograms, withoutThose } from './histogram.ts'
import { type RowsOfSeconds, rowsOfSeconds } from './several/rows-of-seconds.ts'
import { sliceSeconds } from './slices.ts'
import { rankOf } from './slots.ts'

/** What was gathered of the requests of a load, before any quantile is taken of it: what several load generators have can be added. */
export interface Raw {
  readonly rate: PerSecond | 'max'
  /** Of successes by the clocks; `response`, `asSent` and `late` stay empty in a closed loop. */
  readonly response: LatencyHistogram
  readonly asSent: LatencyHistogram
  readonly late: LatencyHistogram
  readonly disturbed: { readonly response: LatencyHistogram; readonly asSent: LatencyHistogram }
  readonly neverSent: number
  /** Service times of the first tenth of the window, of the second half, and of what is between. */
  readonly first: LatencyHistogram
  readonly middle: LatencyHistogram
  readonly last: LatencyHistogram
  readonly seconds: BySecond
}

/** The window by second. */
interface BySecond {
  build(): Timeline
  slices(length: Seconds): Slices
  /** As histograms, so that those of other load generators can be added. */
  histograms(): RowsOfSeconds
}

/** The figures of what was gathered. */
export interface Gathered {
  /** Of all successes. */
  service(): LatencyHistogram
  latency(): Measured['latency']
  timeline(): Timeline
  slices(): Slices
  /** What the generator's own lateness added to successes. Undefined in a closed loop, and without a success. */
  late(): Generator['late']
  /** Absent where the first tenth or the second half holds no success. */
  settling(): Generator['settling']
}

export function gathered(raw: () => Raw): Gathered {
  const service = () => {
    const { first, middle, last } = raw()
    return mergeHistograms([first, middle, last])
  }
  return {
    service,
    latency: () => {
      const { rate, response, asSent, disturbed, neverSent } = raw()
      const isOpen = rate !== 'max'
      const bounds = isOpen ? boundsOf(response, disturbed, neverSent) : undefined
      return {
        service: service().encode(),
        ...(isOpen && { response: response.encode(), asSent: asSent.encode() }),
        ...(bounds && {
          disturbed: { response: disturbed.response.encode(), asSent: disturbed.asSent.encode() },
        }),
        summary: {
          service: summarise(service()),
          ...(isOpen && { response: summarise(response), asSent: summarise(asSent) }),
          ...(bounds && { bounds }),
        },
      }
    },
    timeline: () => raw().seconds.build(),
    slices: () => raw().seconds.slices(sliceSeconds(raw().rate)),
    late: () => {
      const { rate, late, disturbed } = raw()
      if (rate === 'max' || late.count === 0) return undefined
      return {
        p50: late.quantile(0.5),
        p99: late.quantile(0.99),
        max: late.max,
        disturbed: disturbed.asSent.count / late.count,
      }
    },
    settling: () => {
      const { first, last } = raw()
      return first.count > 0 && last.count > 0 ? settlingOf(first, last) : undefined
    },
  }
}

/** Adds up what several load generators gathered. What is added is not kept, so there may be any number of them. */
export function adder(): { add(raw: Raw): void; sum(): Raw } {
  const names = ['response', 'asSent', 'late', 'first', 'middle', 'last'] as const
  const all = Object.fromEntries(names.map((name) => [name, latencyHistogram()])) as Record<
    (typeof names)[number],
    LatencyHistogram
  >
  const disturbed = { response: latencyHistogram(), asSent: latencyHistogram() }
  let rate: PerSecond | 'max' = 0
  let neverSent = 0
  let rows: RowsOfSeconds | undefined
  return {
    add(raw) {
      for (const name of names) all[name].add(raw[name])
      disturbed.response.add(raw.disturbed.response)
      disturbed.asSent.add(raw.disturbed.asSent)
      rate = rate === 'max' || raw.rate === 'max' ? 'max' : rate + raw.rate
      neverSent += raw.neverSent
      const own = raw.seconds.histograms()
      rows ??= rowsOfSeconds(own.length)
      rows.add(own)
    },
    sum: () => {
      const seconds = rows ?? rowsOfSeconds(1)
      // A sum of quotients may miss the whole by its last digits.
      const whole = rate === 'max' ? rate : Number(rate.toPrecision(12))
      return { rate: whole, ...all, disturbed, neverSent, seconds: { ...seconds, histograms: () => seconds } }
    },
  }
}

/** See `QuantileBounds`. Undefined where nothing was disturbed and everything was sent. */
function boundsOf(
  response: LatencyHistogram,
  disturbed: { readonly response: LatencyHistogram; readonly asSent: LatencyHistogram },
  neverSent: number,
): QuantileBounds | undefined {
  if (disturbed.response.count === 0 && neverSent === 0) return undefined
  const steady = withoutThose(response, disturbed.response)
  const worst = mergeHistograms([steady, disturbed.asSent])
  const all = worst.count + neverSent
  const bounds = (q: number) => {
    const rank = rankOf(q, all)
    const lo = steady.count === 0 ? 0 : steady.quantile(q)
    return rank > worst.count ? { lo } : { lo, hi: worst.quantile(rank / worst.count) }
  }
  return perQuantile(bounds)
}

function settlingOf(first: LatencyHistogram, last: LatencyHistogram): NonNullable<Generator['settling']> {
  return {
    p50First: first.quantile(0.5),
    p50Last: last.quantile(0.5),
    p99First: first.quantile(0.99),
    p99Last: last.quantile(0.99),
  }
}
