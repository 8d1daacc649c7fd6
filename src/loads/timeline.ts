import type { Timeline } from '../model/result.ts'
import type { Micros, Seconds } from '../model/units.ts'
import { rankOf } from './cumulative.ts'

/** Latencies and errors by the second of the window. */
export interface TimelineBuilder {
  /** `row`: seconds since the window's start, rounded down; what lies outside belongs to the nearest row. */
  answered(row: number, latency: Micros): void
  failed(row: number): void
  /** Exact nearest-rank quantiles; 0 in a second without a success. */
  build(): Timeline
}

/** `expected`: about how many requests there will be, to spare growing. */
export function timelineBuilder(seconds: Seconds, expected: number): TimelineBuilder {
  const rows = Math.max(1, Math.ceil(seconds))
  const latencies = Array.from({ length: rows }, () => new Uint32Array(Math.ceil((expected / rows) * 1.1) + 8))
  const counts = new Uint32Array(rows)
  const errors = new Uint32Array(rows)
  const inside = (row: number) => (row < 0 ? 0 : row >= rows ? rows - 1 : row)

  return {
    answered(row, latency) {
      const at = inside(row)
      const count = counts[at] as number
      let values = latencies[at] as Uint32Array<ArrayBuffer>
      if (count === values.length) {
        values = doubled(values)
        latencies[at] = values
      }
      values[count] = latency + 0.5
      counts[at] = count + 1
    },
    failed(row) {
      const at = inside(row)
      errors[at] = (errors[at] as number) + 1
    },
    build() {
      const sorted = latencies.map((values, row) => values.subarray(0, counts[row]).sort())
      const quantile = (q: number) => sorted.map((values) => values[Math.max(1, rankOf(q, values.length)) - 1] ?? 0)
      return {
        requests: sorted.map((values, row) => values.length + (errors[row] as number)),
        errors: [...errors],
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        max: quantile(1),
      }
    },
  }
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2)
  larger.set(values)
  return larger
}
