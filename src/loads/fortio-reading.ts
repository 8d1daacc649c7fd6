import { Failure } from '../model/failure.ts'
import { MICROS, type Micros } from '../model/units.ts'
import type { Requests } from './fortio-access-log.ts'
import { TIMEOUT } from './fortio-commands.ts'
import type { FortioResult } from './fortio-result.ts'
import { fortioSchedule, type Schedule } from './fortio-schedule.ts'
import { answersOf, type Gathering, gather } from './gather.ts'
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

  let answers = answersOf(0)
  let waits = new Float64Array(0)

  const take = ({ count, thread: threadOf, call, start: starts, latency: latencies, outcome: outcomes }: Requests) => {
    if (count > waits.length) {
      answers = answersOf(count)
      waits = new Float64Array(count)
    }
    const { at, service, response } = answers
    let answered = 0
    for (let index = 0; index < count; index++) {
      const thread = threadOf[index] as number
      const start = starts[index] as Micros
      const latency = latencies[index] as Micros
      const outcome = outcomes[index] as Outcome
      if (thread >= threads) throw strangeThread(thread, threads)
      const due = isOpen ? (offsets[thread] as Micros) + (call[index] as number) * stride : start
      const end = start + latency
      if (outcome.ok) {
        at[answered] = due
        service[answered] = latency
        // Waiting for the connection counts. What the generator overslept while it was free is no time of the arm's: see `late`.
        response[answered++] = latency + Math.max(0, (idleSince[thread] as Micros) - due)
      } else {
        window.failed(due)
        if (latency > 0.95 * TIMEOUT * MICROS) seen.timeouts++
      }
      if (latency > mayBeStalled) {
        candidates.starts.push(start)
        candidates.latencies.push(latency)
      }
      if (start < seen.firstSend) seen.firstSend = start
      if (end > seen.lastAnswer) seen.lastAnswer = end
      outcome.count++
      // Nothing is sent early: what little is below 0 is the rounding of the times.
      waits[index] = Math.max(0, start - Math.max(due, idleSince[thread] as Micros))
      idleSince[thread] = end
    }
    seen.requests += count
    window.answered({ ...answers, count: answered })
    if (isOpen) late.recordAll(waits, 0, count)
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
