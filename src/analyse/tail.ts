import { sliceSeconds } from '../loads/slices.ts'
import type { Cell } from '../model/analysis.ts'
import { QUANTILES, type QuantileKey, quantileName, TAIL } from '../model/quantiles.ts'
import type { HeldReading, Reading, Slices } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import { formatLatency, formatShare, MICROS } from '../model/units.ts'
import { count } from '../model/words.ts'

/*
 * The tail of a trial. Pauses of the load generator delay requests although no arm is to blame: where these could change a
 * quantile, the quantile is withheld. There is a p99 of a typical second besides the p99 of all requests, since one stall
 * of the host can last for more than 1 % of a window, and then the p99 of all requests shows only that stall.
 */

/** A quantile whose bounds are further apart than this share is withheld. */
const DOUBT = 0.1

/** The quantiles of a trial that the load generator may have changed by more than 10 %: see `QuantileBounds`. */
export function withheldOf({ latency }: Pick<HeldReading, 'latency'>): ReadonlySet<QuantileKey> {
  const bounds = latency.summary?.bounds
  if (!bounds) return new Set()
  const told = QUANTILES.filter(({ key }) => bounds[key])
  return new Set(
    QUANTILES.flatMap(({ key, q }) => {
      // A quantile that is newer than the trial is as doubtful as those on either side of it.
      const next = bounds[key] ? [key] : [told.findLast((one) => one.q < q)?.key, told.find((one) => one.q > q)?.key]
      return next.some((one) => one && isDoubtful(bounds[one])) ? [key] : []
    }),
  )
}

function isDoubtful({ lo, hi }: { readonly lo: number; readonly hi?: number | undefined } = { lo: 0 }): boolean {
  return hi === undefined || Math.max(lo, hi) > Math.min(lo, hi) * (1 + DOUBT)
}

/** A value, or why there is none. */
type ValueOrReason = { readonly value: number } | { readonly reason: string }

/** Least number of slices for a median. */
const LEAST_SLICES = 5
/** Least number of answers in a slice: with fewer, its p99 is its slowest answer. */
const LEAST_ANSWERS = 90
/** Share of disturbed requests above which the load generator may have changed the p99 of a slice. */
const DISTURBED_SHARE = 0.01
/** Share of such slices above which they can move the median, so that its bounds are checked. */
const DISTURBED_SLICES = 1 / 3

/**
 * The p99 of a typical second, in seconds: the median of the p99 of all slices of the window (see `Slices`; a second each
 * where the rate is 100/s or more), and of an even number the lower middle one. A stall of a second changes one slice and
 * hardly the median. What affects half of the slices (an arm that is always slow, or stalls every second) is included.
 */
export function typicalP99({ slices }: Pick<Reading, 'slices'>, clock: 'response' | 'service'): ValueOrReason {
  if (!slices)
    return { reason: 'the version of meshbench that made this result did not measure the p99 of a typical second' }
  const p99 = clock === 'response' ? slices.p99 : slices.serviceP99
  const full = slices.answers.flatMap((answers, slice) => (answers >= LEAST_ANSWERS ? [slice] : []))
  if (full.length < LEAST_SLICES) {
    const length = slices.seconds === 1 ? 'a second' : `${slices.seconds} seconds`
    return {
      reason: `the window has ${count(full.length, 'slice')} of ${length} with ${LEAST_ANSWERS} answers or more; ${LEAST_SLICES} are needed`,
    }
  }
  const typical = (column: readonly number[]) => lowerMedian(full.map((slice) => (column[slice] as number) / MICROS))
  const disturbed = full.filter((slice) => isDisturbed(slices, slice)).length
  if (disturbed > DISTURBED_SLICES * full.length) {
    const paused = `the load generator paused in ${disturbed} of ${count(full.length, 'slice')}`
    if (!slices.bounds) return { reason: paused }
    const [lo, hi] = [typical(slices.bounds.lo), typical(slices.bounds.hi)]
    const [without, all] = [lo, hi].map(formatLatency)
    const told = `${paused}: the value is ${without} without the requests sent after pauses, and ${all} with them`
    if (isDoubtful({ lo, hi })) return { reason: told }
  }
  return { value: typical(p99) }
}

/** The median; of an even number the lower middle value, so that with half of the slices stalled it is one without a stall. */
function lowerMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? Number.NaN
}

/** Whether the planned window of a load is long enough for the p99 of a typical second, if there are no errors. */
export function hasTypicalSecond({ rate, duration }: Pick<Load, 'rate' | 'duration'>): boolean {
  return Math.floor(duration / sliceSeconds(rate)) >= LEAST_SLICES
}

/** The tail metric of a load: the p99 of a typical second, or the p99 where no arm has it. */
export function tailOf(cells: readonly Pick<Cell, 'load' | 'metric' | 'values'>[], load: string): string {
  const isTold = cells.some((cell) => cell.load === load && cell.metric === TAIL && cell.values.length > 0)
  return isTold ? TAIL : 'p99'
}

function isDisturbed({ answers, disturbed }: Slices, slice: number): boolean {
  return (disturbed[slice] ?? 0) > DISTURBED_SHARE * (answers[slice] ?? 0)
}

/** Seconds per minute in which at least half of the connections stalled together; undefined where unknown. */
export function stallsPerMinute({ generator: { pauses }, seconds }: Reading): number | undefined {
  return pauses && (pauses.seconds / seconds) * 60
}

/** Why quantiles are withheld, as text. */
export function whyWithheld({ generator: { late }, dropped, planned }: Reading): string {
  const { disturbed = 0 } = late ?? {}
  return [
    ...(disturbed > 0
      ? [`${formatShare(disturbed)} of the requests were sent after a pause of the load generator`]
      : []),
    ...(dropped > 0 ? [`${formatShare(dropped / planned)} of the planned requests were not sent`] : []),
  ].join(', and ')
}

/** "p50", "p99.9" for each key. */
export function namesOf(keys: ReadonlySet<QuantileKey>): string[] {
  return QUANTILES.filter(({ key }) => keys.has(key)).map(({ q }) => quantileName(q))
}
