import { Failure } from '../../model/failure.ts'
import { MICROS, type Micros, type PerSecond } from '../../model/units.ts'
import { answersOf, DISTURBED, type Gathering, gather, standstills } from '../gather.ts'
import type { Outcome } from '../messages.ts'
import { type Candidates, STALL } from '../pauses.ts'
import { fortioSchedule, type Requests, type Schedule } from './fortio-access-log.ts'
import { type FortioResult, TIMEOUT } from './fortio-result.ts'

/**
 * What the access log holds. The response time is a replay of each connection: done = max(due, done of the previous) + service
 * time, response = done − due, which is what callers of a generator that is never late would have seen. As sent: answer − due.
 * Times in microseconds since the start of the schedule.
 */
export interface FortioReading {
  readonly schedule: Schedule
  readonly window: Gathering
  /** Share of requests that were due on a free connection and found it taken, since an earlier one had been sent late. */
  inherited(): number
  /** To be called once, when all is read: counts what was never sent, and finds the answers that the generator read late. */
  close(): void
  /** Pauses of connections; at the end without pauses of the load generator. */
  readonly candidates: Candidates
  readonly seen: {
    requests: number
    timeouts: number
    firstSend: Micros
    lastAnswer: Micros
    /** Of all requests the least wait after they could be sent: below 0 only where the clock went back. */
    leastWait: Micros
  }
  take(requests: Requests): void
}

/** Long requests of a connection and what waited behind them, until it was free when the next was due. */
interface BusyPeriod {
  readonly long: { readonly from: Micros; readonly to: Micros }[]
  readonly answers: { readonly at: Micros; readonly response: Micros; readonly asSent: Micros }[]
}

/** Takes the requests of the log, those of each connection in their order. `shift`: see `gather`. */
export function fortioReading(result: FortioResult, shift: Micros = 0): FortioReading {
  const schedule = fortioSchedule(result)
  const { threads, stride, offsets } = schedule
  const isOpen = schedule.planned !== undefined
  const window = gather(rateOf(schedule), schedule.duration, result.DurationHistogram.Count, shift)
  const candidates: { -readonly [Key in keyof Candidates]: Candidates[Key] } = { starts: [], latencies: [] }
  const seen = {
    ...{ requests: 0, timeouts: 0, leastWait: 0 },
    ...{ firstSend: Number.POSITIVE_INFINITY, lastAnswer: Number.NEGATIVE_INFINITY },
  }
  // When each connection had its last answer: as it was, and as it would have been with a generator that is never late.
  const idleSince = new Float64Array(threads)
  const replayed = new Float64Array(threads)
  const calls = new Float64Array(threads)
  let inherited = 0
  const mayBeStalled = STALL * medianFloor(result)
  const stood = standstills()
  const mayBeReadLate = isOpen ? Math.max(DISTURBED, 2 * medianFloor(result)) : Number.POSITIVE_INFINITY
  const busy = new Array<BusyPeriod | undefined>(threads)
  const periods: BusyPeriod[] = []

  let answers = answersOf(0)

  const take = ({ count, thread: threadOf, call, start: starts, latency: latencies, outcome: outcomes }: Requests) => {
    if (count > answers.at.length) answers = answersOf(count)
    const { at, service, response, asSent } = answers
    let answered = 0
    for (let index = 0; index < count; index++) {
      const thread = threadOf[index] as number
      const start = starts[index] as Micros
      const latency = latencies[index] as Micros
      const outcome = outcomes[index] as Outcome
      if (thread >= threads) throw strangeThread(thread, threads)
      const due = isOpen ? (offsets[thread] as Micros) + (call[index] as number) * stride : start
      const end = start + latency
      const free = replayed[thread] as Micros
      const done = Math.max(due, free) + latency
      if (outcome.ok) {
        at[answered] = due
        service[answered] = latency
        response[answered] = done - due
        // Nothing is sent early: what little `end` is before `done` is the rounding of times.
        asSent[answered++] = Math.max(done, end) - due
      } else {
        window.failed(due)
        if (latency > 0.95 * TIMEOUT * MICROS) seen.timeouts++
      }
      let period = busy[thread]
      if (period && free <= due) period = busy[thread] = undefined
      if (latency > mayBeReadLate) {
        if (!period) {
          period = busy[thread] = { long: [], answers: [] }
          periods.push(period)
        }
        period.long.push({ from: start, to: end })
      }
      if (period && outcome.ok)
        period.answers.push({ at: due, response: done - due, asSent: Math.max(done, end) - due })
      if (latency > mayBeStalled) {
        candidates.starts.push(start)
        candidates.latencies.push(latency)
      }
      if (start < seen.firstSend) seen.firstSend = start
      if (end > seen.lastAnswer) seen.lastAnswer = end
      outcome.count++
      const wait = start - Math.max(due, idleSince[thread] as Micros)
      if (wait < seen.leastWait) seen.leastWait = wait
      if (free <= due && (idleSince[thread] as Micros) > due) inherited++
      if (isOpen) stood.sentLate(Math.max(due, idleSince[thread] as Micros), start)
      replayed[thread] = done
      idleSince[thread] = end
      calls[thread] = (calls[thread] as number) + 1
    }
    seen.requests += count
    window.answered({ ...answers, count: answered })
  }
  const countUnsent = () => {
    if (schedule.planned === undefined) return
    const each = schedule.planned / threads
    for (const [thread, offset] of offsets.entries()) {
      for (let call = calls[thread] as number; call < each; call++) window.unsent(offset + call * stride)
    }
  }
  const findReadLate = () => {
    for (const { long, answers } of periods) {
      const added = long.reduce((sum, { from, to }) => sum + stood.within(from, to), 0)
      if (added > 0) for (const answer of answers) window.readLate(answer, added)
    }
    const own = candidates.starts.map((start, index) => {
      const latency = candidates.latencies[index] as Micros
      return stood.within(start, start + latency) > latency / 2
    })
    candidates.starts = candidates.starts.filter((_, index) => !own[index])
    candidates.latencies = candidates.latencies.filter((_, index) => !own[index])
  }
  const close = () => {
    countUnsent()
    findReadLate()
  }
  return { schedule, window, candidates, seen, take, close, inherited: () => inherited / seen.requests }
}

function rateOf({ planned, duration }: Schedule): PerSecond | 'max' {
  return planned === undefined ? 'max' : planned / duration
}

/** A lower bound of the median, known before the first line of the log is read. */
function medianFloor({ DurationHistogram }: FortioResult): Micros {
  return (DurationHistogram.Data.find(({ Percent }) => Percent >= 50)?.Start ?? 0) * MICROS
}

function strangeThread(thread: number, threads: number): Failure {
  return new Failure('load-output', 'the access log of fortio is from another run', {
    cause: `it has a connection number ${thread}, where this run had ${threads}, counted from 0`,
    remedy: 'fortio appends to an existing log: remove it, and measure again.',
  })
}
