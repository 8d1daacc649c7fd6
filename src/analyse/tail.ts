import { sliceSeconds } from '../loads/timeline.ts'
import type { Cell } from '../model/analysis.ts'
import type { QuantileBounds, Reading, Slices } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import { formatLatency, formatShare, MICROS } from '../model/units.ts'
import { count, quantileName } from '../model/words.ts'
import { QUANTILE_KEYS, QUANTILES, TAIL } from './quantiles.ts'

/*
 * What a trial can say of its tail. A pause of the load generator makes requests that no arm is to blame for: where these
 * could move a quantile, the quantile is withheld. The p99 of a typical second stands beside the p99 of all requests,
 * since one stall of the host is more than 1 % of most windows, and then makes the latter alone.
 */

/** A quantile whose bounds are further apart than this share is withheld. */
const DOUBT = 0.1

/** Of a trial's quantiles those that the generator may have made, by more than a tenth: see `QuantileBounds`. */
export function withheldOf({ latency }: Pick<Reading, 'latency'>): ReadonlySet<QuantileKey> {
  const bounds = latency.summary?.bounds
  if (!bounds) return new Set()
  return new Set(Object.values(QUANTILE_KEYS).filter((key) => isDoubtful(bounds[key])))
}

export type QuantileKey = keyof QuantileBounds

function isDoubtful({ lo, hi }: { readonly lo: number; readonly hi?: number | undefined }): boolean {
  return hi === undefined || Math.max(lo, hi) > Math.min(lo, hi) * (1 + DOUBT)
}

/** A value, or why there is none. */
type ValueOrReason = { readonly value: number } | { readonly reason: string }

/** Slices that a median is made of, at least. */
const LEAST_SLICES = 5
/** Answers of a slice below which its p99 is its slowest answer, and errors have taken the rest. */
const LEAST_ANSWERS = 90
/** A slice with a larger share of disturbed requests has a p99 that the generator may have made. */
const DISTURBED_SHARE = 0.01
/** With more such slices than this share, the median would be among the higher half of the others: then it has to bear the bounds. */
const DISTURBED_SLICES = 1 / 3

/**
 * The p99 of a typical second, in seconds: the window is cut into slices (`Slices`: of a second each where the rate is
 * 100/s or more), each has its p99, and the median of these is taken (of an even number the lower one). A stall that lasts
 * for a second moves one slice, and the median hardly at all. What half of the slices share (an arm that is slow all the
 * time, or stalls every second) is in it.
 */
export function typicalP99({ slices }: Pick<Reading, 'slices'>, clock: 'response' | 'service'): ValueOrReason {
  if (!slices) return { reason: 'this result is of before the p99 of a typical second was measured' }
  const p99 = clock === 'response' ? slices.p99 : slices.serviceP99
  const full = slices.answers.flatMap((answers, slice) => (answers >= LEAST_ANSWERS ? [slice] : []))
  if (full.length < LEAST_SLICES) {
    const length = slices.seconds === 1 ? 'a second' : `${slices.seconds} seconds`
    return {
      reason: `the window has ${count(full.length, 'slice')} of ${length} with ${LEAST_ANSWERS} answers or more, and ${LEAST_SLICES} are needed`,
    }
  }
  const typical = (column: readonly number[]) => lowerMedian(full.map((slice) => (column[slice] as number) / MICROS))
  const disturbed = full.filter((slice) => isDisturbed(slices, slice)).length
  if (disturbed > DISTURBED_SLICES * full.length) {
    const paused = `the load generator paused in ${disturbed} of ${count(full.length, 'slice')}`
    if (!slices.bounds) return { reason: paused }
    const [lo, hi] = [typical(slices.bounds.lo), typical(slices.bounds.hi)]
    const [without, all] = [lo, hi].map(formatLatency)
    const told = `${paused}: it is ${without} without the requests that came out of the pauses, and ${all} with them as they came`
    if (isDoubtful({ lo, hi })) return { reason: told }
  }
  return { value: typical(p99) }
}

/** Of an even number the lower of the middle two: with half of the slices stalled, it is of one without a stall. */
function lowerMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? Number.NaN
}

/** Whether the window of a load is long enough for it, by its plan; without errors. */
export function hasTypicalSecond({ rate, duration }: Pick<Load, 'rate' | 'duration'>): boolean {
  return Math.floor(duration / sliceSeconds(rate)) >= LEAST_SLICES
}

/** The tail that a load is judged by: the p99 of a typical second, or the p99 where no arm can tell it. */
export function tailOf(cells: readonly Pick<Cell, 'load' | 'metric' | 'values'>[], load: string): string {
  const isTold = cells.some((cell) => cell.load === load && cell.metric === TAIL && cell.values.length > 0)
  return isTold ? TAIL : 'p99'
}

function isDisturbed({ answers, disturbed }: Slices, slice: number): boolean {
  return (disturbed[slice] ?? 0) > DISTURBED_SHARE * (answers[slice] ?? 0)
}

/** Seconds per minute in which at least half of the connections stood still together; undefined where that is not known. */
export function stallsPerMinute({ generator: { pauses }, seconds }: Reading): number | undefined {
  return pauses && (pauses.seconds / seconds) * 60
}

/** Why quantiles are withheld, for a reader: what the generator did. */
export function whyWithheld({ generator: { late }, dropped, planned }: Reading): string {
  const { disturbed = 0 } = late ?? {}
  return [
    ...(disturbed > 0 ? [`${formatShare(disturbed)} of the requests came out of a pause of the load generator`] : []),
    ...(dropped > 0 ? [`${formatShare(dropped / planned)} of the planned requests were never sent`] : []),
  ].join(', and ')
}

/** "p50", "p99.9" for each key. */
export function namesOf(keys: ReadonlySet<QuantileKey>): string[] {
  return QUANTILES.filter((quantile) => keys.has(QUANTILE_KEYS[quantile])).map(quantileName)
}
