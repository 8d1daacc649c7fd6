import { Failure } from '../model/failure.ts'
import { MICROS, type Micros } from '../model/units.ts'
import type { Requests } from './fortio-access-log.ts'
import { TIMEOUT } from './fortio-commands.ts'
import type { FortioResult } from './fortio-result.ts'
import { fortioSchedule, type Schedule } from './fortio-schedule.ts'
import { type Gathering, gather } from './gather.ts'
import { type LatencyHistogram, latencyHistogram } from './histogram.ts'
import type { Outcome } from './outcomes.ts'
import { type Candidates, STALL } from './pauses.ts'

/** What the access log holds. Times in microseconds since the start of the schedule. */
export interface FortioReading {
  readonly schedule: Schedule
  readonly window: Gathering
  /** By how much sends were later than the schedule and the connection's previous answer allowed. */
  readonly late: LatencyHistogram
  readonly candidates: Candidates
  readonly seen: { requests: number; timeouts: number; firstSend: Micros; lastAnswer: Micros }
  take(requests: Requests): void
}

/** Takes the requests of the log, those of each connection in their order. */
export function fortioReading(result: FortioResult): FortioReading {
  const schedule = fortioSchedule(result)
  const { threads, stride, offsets } = schedule
  const isOpen = schedule.planned !== undefined
  const window = gather(isOpen ? 'open' : 'closed', schedule.duration, result.DurationHistogram.Count)
  const late = latencyHistogram()
  const candidates: Candidates = { starts: [], latencies: [] }
  const seen = { requests: 0, timeouts: 0, firstSend: Number.POSITIVE_INFINITY, lastAnswer: 0 }
  const idleSince = new Float64Array(threads)
  const mayBeStalled = STALL * medianFloor(result)

  const takeOne = (thread: number, call: number, start: Micros, latency: Micros, outcome: Outcome): void => {
    if (thread >= threads) throw strangeThread(thread, threads)
    const due = isOpen ? (offsets[thread] as Micros) + call * stride : start
    const end = start + latency
    // Nothing is sent early: what little is below 0 is the rounding of the times.
    if (isOpen) late.record(Math.max(0, start - Math.max(due, idleSince[thread] as Micros)))
    if (outcome.ok) window.answered(due, latency, Math.max(latency, end - due))
    else window.failed(due)
    if (latency > mayBeStalled) {
      candidates.starts.push(start)
      candidates.latencies.push(latency)
    }
    if (!outcome.ok && latency > 0.95 * TIMEOUT * MICROS) seen.timeouts++
    seen.requests++
    if (start < seen.firstSend) seen.firstSend = start
    if (end > seen.lastAnswer) seen.lastAnswer = end
    outcome.count++
    idleSince[thread] = end
  }
  const take = ({ count, thread, call, start, latency, outcome }: Requests): void => {
    for (let at = 0; at < count; at++) {
      takeOne(
        thread[at] as number,
        call[at] as number,
        start[at] as Micros,
        latency[at] as Micros,
        outcome[at] as Outcome,
      )
    }
  }
  return { schedule, window, late, candidates, seen, take }
}

/** A lower bound of the median, known before the first line of the log is read. */
function medianFloor({ DurationHistogram }: FortioResult): Micros {
  return (DurationHistogram.Data.find(({ Percent }) => Percent >= 50)?.Start ?? 0) * MICROS
}

function strangeThread(thread: number, threads: number): Failure {
  return new Failure('load-output', 'the access log of fortio is of another run', {
    cause: `it has a connection number ${thread}, where this run had ${threads}, counted from 0`,
    fix: 'fortio appends to a log that is there: remove it, and measure again.',
  })
}
