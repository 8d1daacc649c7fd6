import type { LatencySummary } from '../model/result.ts'

/** What a histogram answers; latencies in seconds. */
export interface Summarisable {
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly max: number
  quantile(q: number): number
}

/** What is kept beside a histogram. All zero where it is empty, since JSON has no NaN. */
export function summarise(histogram: Summarisable): LatencySummary {
  const { count, mean, min, max } = histogram
  if (count === 0) return { count, mean: 0, min: 0, max: 0, p50: 0, p90: 0, p99: 0, p999: 0 }
  const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((q) => histogram.quantile(q)) as [
    number,
    number,
    number,
    number,
  ]
  return { count, mean, min, max, p50, p90, p99, p999 }
}
