import type { Slices, Timeline } from '../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { type LatencyHistogram, latencyHistogram } from './histogram.ts'
import { type Disturbed, type RowsOfSeconds, rowsOfSeconds } from './several/rows-of-seconds.ts'
import { rankOf } from './slots.ts'

/** Latencies and errors by the second of the window. */
interface TimelineBuilder {
  /** `at`: microseconds since the window's start; what lies outside of the window belongs to the nearest row. */
  answered(at: Float64Array, latencies: Float64Array, services: Float64Array, count: number): void
  failed(at: Micros): void
  /** A request that the generator disturbed: what is known of it, and what it took as it came; `response` is absent where it was never sent. */
  disturbed(request: Disturbed): void
  /** Exact nearest-rank quantiles; 0 in a second without a success. */
  build(): Timeline
  /** The same over slices of whole seconds. */
  slices(seconds: Seconds): Slices
  /** The same as histograms. */
  histograms(): RowsOfSeconds
}

/** `expected`: about how many requests there will be, to spare growing. `shift` is added to every time. */
export function timelineBuilder(seconds: Seconds, expected: number, shift: Micros = 0): TimelineBuilder {
  const rows = Math.max(1, Math.ceil(seconds))
  const room = () => Array.from({ length: rows }, () => new Uint32Array(Math.ceil((expected / rows) * 1.1) + 8))
  const [latencies, services] = [room(), room()]
  const counts = new Uint32Array(rows)
  const errors = new Uint32Array(rows)
  const unknown: Disturbed[][] = Array.from({ length: rows }, () => [])
  const rowOf = (at: Micros) => {
    const second = ((at + shift) / MICROS) | 0
    return second < 0 ? 0 : second >= rows ? rows - 1 : second
  }
  const countAt = (column: Uint32Array) => (at: Micros) => {
    const row = rowOf(at)
    column[row] = (column[row] as number) + 1
  }
  return {
    answered(at, values, serviceTimes, count) {
      let row = 0
      let taken = latencies[row] as Uint32Array<ArrayBuffer>
      let served = services[row] as Uint32Array<ArrayBuffer>
      let many = counts[row] as number
      for (let index = 0; index < count; index++) {
        const next = rowOf(at[index] as Micros)
        if (next !== row) {
          counts[row] = many
          row = next
          taken = latencies[row] as Uint32Array<ArrayBuffer>
          served = services[row] as Uint32Array<ArrayBuffer>
          many = counts[row] as number
        }
        if (many === taken.length) {
          taken = doubled(taken)
          served = doubled(served)
          latencies[row] = taken
          services[row] = served
        }
        served[many] = (serviceTimes[index] as Micros) + 0.5
        taken[many++] = (values[index] as Micros) + 0.5
      }
      counts[row] = many
    },
    failed: countAt(errors),
    disturbed: (request) => void unknown[rowOf(request.at)]?.push(request),
    build() {
      const sorted = latencies.map((values, row) => values.slice(0, counts[row]).sort())
      const quantile = (q: number) => sorted.map((values) => quantileOf(values, q))
      return {
        requests: sorted.map((values, row) => values.length + (errors[row] as number)),
        errors: [...errors],
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        max: quantile(1),
      }
    },
    slices(length) {
      const starts = Array.from({ length: Math.floor(seconds / length) }, (_, slice) => slice * length)
      const rowsFrom = (start: number) => Array.from({ length }, (_, row) => start + row)
      const sum = (column: Uint32Array) =>
        starts.map((start) => rowsFrom(start).reduce((all, row) => all + (column[row] as number), 0))
      const within = (columns: readonly Uint32Array[]) =>
        starts.map((start) =>
          joined(rowsFrom(start).map((row) => (columns[row] as Uint32Array).subarray(0, counts[row]))),
        )
      const p99 = (slices: readonly Uint32Array[]) => slices.map((values) => quantileOf(values.slice().sort(), 0.99))
      const responses = within(latencies)
      const disturbed = starts.map((start) => rowsFrom(start).flatMap((row) => unknown[row] ?? []))
      const bounds = () => {
        const steady = responses.map((values, slice) => without(values, disturbed[slice] ?? []))
        const worst = steady.map((values, slice) =>
          joined([values, Uint32Array.from(disturbed[slice] ?? [], ({ asSent }) => Math.min(asSent + 0.5, NEVER))]),
        )
        return { lo: p99(steady), hi: p99(worst) }
      }
      return {
        seconds: length,
        answers: sum(counts),
        p99: p99(responses),
        serviceP99: p99(within(services)),
        disturbed: disturbed.map((requests) => requests.length),
        ...(disturbed.some((requests) => requests.length > 0) && { bounds: bounds() }),
      }
    },
    histograms() {
      const all = rowsOfSeconds(seconds)
      all.add({
        rows: latencies.map((values, row) => ({
          latency: recorded(values.subarray(0, counts[row])),
          service: recorded((services[row] as Uint32Array).subarray(0, counts[row])),
          errors: errors[row] as number,
          disturbed: unknown[row] as Disturbed[],
        })),
      })
      return all
    },
  }
}

function recorded(values: Uint32Array): LatencyHistogram {
  const histogram = latencyHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

/** Nearest rank; 0 of nothing. */
function quantileOf(sorted: Uint32Array, q: number): Micros {
  return sorted[Math.max(1, rankOf(q, sorted.length)) - 1] ?? 0
}

/** What an answer that never came took: more than any. */
const NEVER: Micros = 2 ** 32 - 1

/** The values but those of disturbed requests, each taken out once. */
function without(values: Uint32Array, disturbed: readonly Disturbed[]): Uint32Array {
  if (disturbed.length === 0) return values
  const left = new Map<number, number>()
  for (const { response } of disturbed) {
    if (response === undefined) continue
    const value = Math.floor(response + 0.5)
    left.set(value, (left.get(value) ?? 0) + 1)
  }
  return values.filter((value) => {
    const times = left.get(value) ?? 0
    if (times > 0) left.set(value, times - 1)
    return times === 0
  })
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2)
  larger.set(values)
  return larger
}
