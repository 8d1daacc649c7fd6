import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { quantileInterval } from '../stats/quantile-intervals.ts'
import { decodeSlots, encodeSlots } from './histogram-encoding.ts'
import { type Cumulative, cumulate, type Edge, HIGHEST, rankOf, slotOf, valueAtRank } from './slots.ts'

/**
 * Latencies in the layout of HdrHistogram: whole microseconds, three significant digits, so every figure that is read
 * is at most 0.1 % above the truth. Recorded in microseconds, read in seconds. What is empty reads NaN.
 */
export interface LatencyHistogram {
  readonly count: number
  readonly mean: Seconds
  readonly min: Seconds
  readonly max: Seconds
  /** Latencies above one hour: counted as one hour. Not part of the encoding. */
  readonly overflow: number
  /** Refuses what is no latency (NaN, negative). */
  record(micros: Micros, times?: number): void
  /** Those from index `from` up to, without, `to`, each once: far faster than one by one from outside. */
  recordAll(values: Float64Array, from: number, to: number): void
  add(other: LatencyHistogram): void
  /** Nearest rank: the smallest latency that at least the share `q` of the samples do not exceed; never above the maximum. */
  quantile(q: number): Seconds
  /** 95 % interval of a quantile from the order statistics, by the exact binomial; to the extreme where the samples do not reach so far. */
  quantileInterval(q: number): [low: Seconds, high: Seconds]
  /** Points of the percentile spectrum, up to the highest quantile that has a sample above it. */
  spectrum(): SpectrumPoint[]
  /** Every occupied slot, by a latency that lies in it; the extremes are exact. */
  visit(each: (micros: Micros, count: number) => void): void
  /** HdrHistogram V2, compressed, base64: what other ports of HdrHistogram read. */
  encode(): string
}

/** An empty histogram. */
export function latencyHistogram(): LatencyHistogram {
  let counts = new Float64Array(2048)
  let count = 0
  let overflow = 0
  let min: Micros = Number.POSITIVE_INFINITY
  let max: Micros = Number.NEGATIVE_INFINITY
  let known: Cumulative | undefined

  const record = (micros: Micros, times = 1): void => {
    if (!(micros >= 0 && times > 0)) throw new RangeError(`${times} × ${micros} µs is not a latency`)
    // Rounds to an integer of 32 bits, which is what slots are reckoned in.
    let value = (micros + 0.5) >>> 0
    if (micros > HIGHEST) {
      value = HIGHEST
      overflow += times
    }
    const slot = slotOf(value)
    if (slot >= counts.length) counts = grown(counts, slot)
    counts[slot] = (counts[slot] as number) + times
    count += times
    if (value < min) min = value
    if (value > max) max = value
  }
  const recordAll = (values: Float64Array, from: number, to: number): void => {
    for (let at = from; at < to; at++) record(values[at] as Micros, 1)
  }
  /** Recording only ever raises the count, so an equal count means that nothing has changed. */
  const cumulative = (): Cumulative => {
    if (known?.count !== count) known = cumulate(counts)
    return known as Cumulative
  }
  const seconds = (micros: Micros): Seconds =>
    count === 0 ? Number.NaN : Math.min(Math.max(micros, min), max) / MICROS
  const atRank = (rank: number, edge: Edge): Seconds => {
    if (rank <= 1) return seconds(min)
    return seconds(rank >= count ? max : valueAtRank(cumulative(), rank, edge))
  }
  const visit = (each: (micros: Micros, count: number) => void): void => {
    const { lowest, counts } = cumulative()
    const last = lowest.length - 1
    for (const [index, value] of lowest.entries()) {
      let inside = counts[index] as number
      if (index === 0 && (last > 0 || inside > 1)) {
        each(min, 1)
        inside -= 1
      }
      if (inside > 0) each(index === last ? max : value, inside)
    }
  }

  return {
    get count() {
      return count
    },
    get mean() {
      return seconds(cumulative().mean)
    },
    get min() {
      return seconds(min)
    },
    get max() {
      return seconds(max)
    },
    get overflow() {
      return overflow
    },
    record,
    recordAll,
    add(other) {
      other.visit(record)
      overflow += other.overflow
    },
    quantile: (q) => atRank(rankOf(q, count), 'highest'),
    quantileInterval(q) {
      const { lo = 1, hi = count } = quantileInterval(count, q)
      return [atRank(lo, 'lowest'), atRank(hi, 'highest')]
    },
    spectrum: () => spectrumOf(count, (rank) => atRank(rank, 'highest')),
    visit,
    encode: () => encodeSlots(visit),
  }
}

/** Reads what `encode`, or another port of HdrHistogram, has written; the extremes are then at most 0.1 % above the truth. */
export function decodeHistogram(text: string): LatencyHistogram {
  const histogram = latencyHistogram()
  decodeSlots(text, histogram.record)
  return histogram
}

/** All samples of all of them: the only way to a quantile of the whole. */
export function mergeHistograms(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
  const all = latencyHistogram()
  for (const one of histograms) all.add(one)
  return all
}

/** What is left of `all` where `some` of its samples are taken out. */
export function withoutThose(all: LatencyHistogram, some: LatencyHistogram): LatencyHistogram {
  const taken = new Map<number, number>()
  some.visit((micros, count) => taken.set(slotOf(micros), (taken.get(slotOf(micros)) ?? 0) + count))
  const rest = latencyHistogram()
  all.visit((micros, count) => {
    const gone = Math.min(count, taken.get(slotOf(micros)) ?? 0)
    taken.set(slotOf(micros), (taken.get(slotOf(micros)) ?? 0) - gone)
    if (count > gone) rest.record(micros, count - gone)
  })
  return rest
}

function grown(counts: Float64Array<ArrayBuffer>, slot: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array((slot | 1023) + 1)
  larger.set(counts)
  return larger
}

/** One point of the percentile spectrum. */
interface SpectrumPoint {
  readonly quantile: number
  readonly latency: Seconds
}

const PER_DECADE = 30
/** Nine decades are 271 points: enough for 10⁹ samples. */
const DECADES = 9
/** Quantiles that readers ask for by name and that are no tick; 0.9, 0.99, … are ticks. */
const NAMED = [0.5, 0.75, 0.95]

/** 0, then evenly spaced in the logarithm of 1 − q, in which tails are straight. */
const QUANTILES = [
  ...Array.from({ length: DECADES * PER_DECADE + 1 }, (_, tick) =>
    Number((1 - 10 ** (-tick / PER_DECADE)).toFixed(12)),
  ),
  ...NAMED,
].sort((a, b) => a - b)

/** The spectrum of `count` samples: quantiles strictly rising, each with at least one sample above its rank. */
function spectrumOf(count: number, atRank: (rank: number) => Seconds): SpectrumPoint[] {
  return QUANTILES.map((quantile) => ({ quantile, rank: rankOf(quantile, count) }))
    .filter(({ rank }) => rank < count)
    .map(({ quantile, rank }) => ({ quantile, latency: atRank(rank) }))
}
