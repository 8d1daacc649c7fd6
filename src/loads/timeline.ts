import type { Timeline } from '../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { rankOf } from './cumulative.ts'

/** Latencies and errors by the second of the window. */
export interface TimelineBuilder {
  /** `at`: microseconds since the window's start; what lies outside of the window belongs to the nearest row. */
  answered(at: Float64Array, latencies: Float64Array, count: number): void
  failed(at: Micros): void
  /** Exact nearest-rank quantiles; 0 in a second without a success. */
  build(): Timeline
}

/** `expected`: about how many requests there will be, to spare growing. */
export function timelineBuilder(seconds: Seconds, expected: number): TimelineBuilder {
  const rows = Math.max(1, Math.ceil(seconds))
  const latencies = Array.from({ length: rows }, () => new Uint32Array(Math.ceil((expected / rows) * 1.1) + 8))
  const counts = new Uint32Array(rows)
  const errors = new Uint32Array(rows)
  const rowOf = (at: Micros) => {
    const second = (at / MICROS) | 0
    return second < 0 ? 0 : second >= rows ? rows - 1 : second
  }
  return {
    answered(at, values, count) {
      let row = 0
      let taken = latencies[row] as Uint32Array<ArrayBuffer>
      let many = counts[row] as number
      for (let index = 0; index < count; index++) {
        const next = rowOf(at[index] as Micros)
        if (next !== row) {
          counts[row] = many
          row = next
          taken = latencies[row] as Uint32Array<ArrayBuffer>
          many = counts[row] as number
        }
        if (many === taken.length) {
          taken = doubled(taken)
          latencies[row] = taken
        }
        taken[many++] = (values[index] as Micros) + 0.5
      }
      counts[row] = many
    },
    failed(at) {
      const row = rowOf(at)
      errors[row] = (errors[row] as number) + 1
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
