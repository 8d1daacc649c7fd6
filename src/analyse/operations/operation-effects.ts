import { decodeHistogram } from '../../loads/histogram.ts'
import type { OperationEffects } from '../../model/analysis.ts'
import type { Reading } from '../../model/result.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'

/** A response time from which a request is called late: it interrupts what a person does (J. Nielsen, Usability Engineering, 1993, chapter 5). */
export const LATE: Seconds = 1

/**
 * A second is normal with a p99 of at most this many times the highest of the seconds before the operation, or at most `UNNOTICED`, up
 * to which a person takes an answer for immediate (ibid.): the p99 of some hundred requests is nearly the slowest of them, and scatters
 * by that on a busy machine without any operation.
 */
const BAND = 2
export const UNNOTICED: Seconds = 0.1
/** Seconds in a row that have to be normal. */
const IN_A_ROW = 3

type Read = Pick<Reading, 'timeline' | 'latency' | 'dropped' | 'seconds' | 'operation'>

/** Of a trial under an operation; undefined for others. */
export function effectsOf({ timeline, latency, dropped, seconds, operation }: Read): OperationEffects | undefined {
  if (!operation) return undefined
  const began = Math.floor(operation.at)
  // An incomplete second at the end has too few requests for a p99.
  const rows = Math.min(timeline.requests.length, Math.floor(seconds))
  const normal = normalIn(timeline, began)
  const isQuiet = (second: number) => second + IN_A_ROW <= rows && range(second, second + IN_A_ROW).every(normal)
  const ended = operation.ended === undefined ? rows : Math.floor(operation.ended)
  const quietFrom = range(ended, rows).find(isQuiet)
  const disturbedUntil = (row: number) =>
    lastEnd(
      range(began, row).filter((second) => !normal(second)),
      operation.at,
    )
  const { change } = operation
  return {
    operation,
    errors: timeline.errors.slice(began).reduce((sum, count) => sum + count, 0),
    late: (latency.response === undefined ? 0 : laterThan(latency.response, LATE * MICROS)) + dropped,
    ...(quietFrom === undefined
      ? {
          longerThan: rows - operation.at,
          ...(operation.ended === undefined && { soFar: disturbedUntil(rows) }),
        }
      : { recovery: disturbedUntil(quietFrom) }),
    ...(change && { change }),
  }
}

/** Whether a second of the window was as those before the operation. The first one is left out: connections settle in it. */
function normalIn({ requests, errors, p99 }: Reading['timeline'], began: number): (second: number) => boolean {
  const before = p99.slice(began > 2 ? 1 : 0, began)
  const band: Micros = Math.max(BAND * Math.max(0, ...before), UNNOTICED * MICROS)
  return (second) => {
    const failed = errors[second] ?? 0
    const answered = (requests[second] ?? 0) - failed
    return failed === 0 && answered > 0 && (p99[second] ?? 0) <= band
  }
}

function lastEnd(disturbed: readonly number[], at: Seconds): Seconds {
  const last = disturbed.at(-1)
  return last === undefined ? 0 : last + 1 - at
}

function laterThan(encoded: string, limit: Micros): number {
  let late = 0
  decodeHistogram(encoded).visit((micros, count) => {
    if (micros > limit) late += count
  })
  return late
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}
