/** A histogram as fortio writes it, in JSON with Go's field names. */
export interface FortioHistogram {
  readonly Count: number
  readonly Min: number
  readonly Max: number
  readonly Sum: number
  readonly Avg: number
  readonly StdDev: number
  readonly Data: readonly Bucket[] | null
  readonly Percentiles?: readonly { readonly Percentile: number; readonly Value: number }[]
}

interface Bucket {
  readonly Start: number
  readonly End: number
  /** Cumulative. */
  readonly Percent: number
  readonly Count: number
}

/** Upper edges of fortio's buckets, as multiples of the resolution (stats.go); beyond the last there is one bucket more. */
const EDGES = [
  ...steps(1, 12, 1),
  ...steps(14, 20, 2),
  ...steps(25, 50, 5),
  ...steps(60, 100, 10),
  ...steps(120, 200, 20),
  ...steps(250, 500, 50),
  ...steps(600, 1000, 100),
  ...[2000, 3000, 4000, 5000, 7500, 10_000, 20_000, 30_000, 40_000, 50_000, 75_000, 100_000],
]

export function fortioHistogram(
  values: readonly number[],
  resolution: number,
  percentiles?: readonly number[],
): FortioHistogram {
  const count = values.length
  if (count === 0) return { Count: 0, Min: 0, Max: 0, Sum: 0, Avg: 0, StdDev: 0, Data: null }
  const sorted = values.toSorted((a, b) => a - b)
  const sum = sorted.reduce((total, value) => total + value, 0)
  const mean = sum / count
  const variance = sorted.reduce((total, value) => total + (value - mean) ** 2, 0) / count
  const Data = buckets(sorted, resolution)
  const histogram = {
    Count: count,
    Min: sorted[0] as number,
    Max: sorted[count - 1] as number,
    Sum: sum,
    Avg: mean,
    StdDev: Math.sqrt(variance),
    Data,
  }
  if (!percentiles) return histogram
  const Percentiles = percentiles.map((percentile) => ({
    Percentile: percentile,
    Value: percentileOf(histogram, percentile),
  }))
  return { ...histogram, Percentiles }
}

/** Intervals open below and closed above; the first and the last end at the smallest and the largest value. */
function buckets(sorted: readonly number[], resolution: number): Bucket[] {
  const found: Bucket[] = []
  let from = 0
  for (let edge = 0; from < sorted.length; edge++) {
    const upper = (EDGES[edge] ?? Number.POSITIVE_INFINITY) * resolution
    let to = from
    while (to < sorted.length && (sorted[to] as number) <= upper) to++
    if (to > from) {
      found.push({
        Start: from === 0 ? (sorted[0] as number) : (EDGES[edge - 1] ?? 0) * resolution,
        End: to === sorted.length ? (sorted[to - 1] as number) : upper,
        Percent: (100 * to) / sorted.length,
        Count: to - from,
      })
    }
    from = to
  }
  return found
}

/** Linear within a bucket. */
function percentileOf(histogram: FortioHistogram & { readonly Data: readonly Bucket[] }, percentile: number): number {
  let before = 100 / histogram.Count
  if (percentile <= before) return histogram.Min
  for (const { Start, End, Percent } of histogram.Data) {
    if (percentile <= Percent) return Start + ((percentile - before) / (Percent - before)) * (End - Start)
    before = Percent
  }
  return histogram.Max
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by + 1 }, (_, index) => from + index * by)
}
