import type { Slices, Timeline } from '../../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { type LatencyHistogram, latencyHistogram, mergeHistograms, withoutThose } from '../histogram.ts'

/** What is known of a request that the generator disturbed: see `QuantileBounds`. `response` is absent where it was never sent. */
export interface Disturbed {
  readonly at: Micros
  readonly response?: Micros
  readonly asSent: Micros
}

/** One second: histograms in place of single values, so that its size does not grow with the number of requests. */
interface Row {
  /** Response times, or service times in a closed loop. */
  readonly latency: LatencyHistogram
  readonly service: LatencyHistogram
  errors: number
  readonly disturbed: Disturbed[]
}

/** The window by second, of several load generators. Quantiles are at most 0.1 % above the truth. */
export interface RowsOfSeconds {
  /** Length of the window. */
  readonly length: Seconds
  readonly rows: readonly Row[]
  add(other: Pick<RowsOfSeconds, 'rows'>): void
  /** Nearest-rank quantiles; 0 in a second without a success. */
  build(): Timeline
  slices(length: Seconds): Slices
}

export function rowsOfSeconds(length: Seconds): RowsOfSeconds {
  const rows = Array.from({ length: Math.max(1, Math.ceil(length)) }, (): Row => {
    return { latency: latencyHistogram(), service: latencyHistogram(), errors: 0, disturbed: [] }
  })
  return {
    length,
    rows,
    add(other) {
      for (const [second, { latency, service, errors, disturbed }] of other.rows.entries()) {
        const row = rows[Math.min(second, rows.length - 1)] as Row
        row.latency.add(latency)
        row.service.add(service)
        row.errors += errors
        for (const one of disturbed) row.disturbed.push(one)
      }
    },
    build: () => ({
      requests: rows.map(({ latency, errors }) => latency.count + errors),
      errors: rows.map(({ errors }) => errors),
      p50: rows.map(({ latency }) => micros(latency, 0.5)),
      p90: rows.map(({ latency }) => micros(latency, 0.9)),
      p99: rows.map(({ latency }) => micros(latency, 0.99)),
      max: rows.map(({ latency }) => micros(latency, 1)),
    }),
    slices: (ofSlice) => slicesOf(rows, length, ofSlice),
  }
}

function slicesOf(rows: readonly Row[], length: Seconds, ofSlice: Seconds): Slices {
  const slices = Array.from({ length: Math.floor(length / ofSlice) }, (_, slice) => {
    const inside = rows.slice(slice * ofSlice, (slice + 1) * ofSlice)
    return {
      latency: mergeHistograms(inside.map((row) => row.latency)),
      service: mergeHistograms(inside.map((row) => row.service)),
      disturbed: inside.flatMap((row) => row.disturbed),
    }
  })
  const isDisturbed = slices.some(({ disturbed }) => disturbed.length > 0)
  const bounds = () => {
    const steady = slices.map(({ latency, disturbed }) => withoutThose(latency, histogramOf(disturbed, 'response')))
    const worst = slices.map(({ disturbed }, slice) =>
      mergeHistograms([steady[slice] as LatencyHistogram, histogramOf(disturbed, 'asSent')]),
    )
    return { lo: steady.map((one) => micros(one, 0.99)), hi: worst.map((one) => micros(one, 0.99)) }
  }
  return {
    seconds: ofSlice,
    answers: slices.map(({ latency }) => latency.count),
    p99: slices.map(({ latency }) => micros(latency, 0.99)),
    serviceP99: slices.map(({ service }) => micros(service, 0.99)),
    disturbed: slices.map(({ disturbed }) => disturbed.length),
    ...(isDisturbed && { bounds: bounds() }),
  }
}

/** Of an answer that never came the histogram has its highest value. */
function histogramOf(disturbed: readonly Disturbed[], clock: 'response' | 'asSent'): LatencyHistogram {
  const histogram = latencyHistogram()
  for (const { [clock]: value } of disturbed) if (value !== undefined) histogram.record(value)
  return histogram
}

/** Whole microseconds; 0 of nothing. */
function micros(histogram: LatencyHistogram, q: number): Micros {
  return histogram.count === 0 ? 0 : Math.round(histogram.quantile(q) * MICROS)
}
