import { MICROS, type Micros, type PerSecond, type Seconds } from '../model/units.ts'
import { type Gathered, gathered, type Raw } from './gathered.ts'
import { latencyHistogram } from './histogram.ts'
import { timelineBuilder } from './timeline.ts'

/**
 * A request that the generator itself delays by more than this, and by more than a tenth of its response time, is
 * disturbed: it comes out of a pause of the generator, in a burst with others, and what it meets was made by that burst.
 * Timers of idle virtual machines delay by up to 4.6 ms (fortio 1.68.0, captured runs of four meshes), which spreads
 * requests but makes no burst. Behind a long stall of the server, small delays add up along the queue and change little.
 */
export const DISTURBED: Micros = 5000
const DISTURBED_SHARE = 0.1

function isDisturbed(added: Micros, response: Micros): boolean {
  return added > Math.max(DISTURBED, DISTURBED_SHARE * response)
}

/** Successes, side by side, in microseconds. */
interface Answers {
  readonly count: number
  /** Place in the window: the intended send, or the real one in a closed loop. */
  readonly at: Float64Array
  readonly service: Float64Array
  /** `response` and `asSent` are not read in a closed loop. */
  readonly response: Float64Array
  readonly asSent: Float64Array
}

/** Takes requests, in any order, and makes of them what does not depend on the tool. */
export interface Gathering extends Gathered {
  raw(): Raw
  answered(answers: Answers): void
  failed(at: Micros): void
  /**
   * A success, counted before, whose answer was read late: the generator stood still for `added` while it was under way, or
   * while one that it waited behind was. Both clocks have that time in them, so it is in no lateness.
   */
  readLate(answer: { at: Micros; response: Micros; asSent: Micros }, added: Micros): void
  /** A request that the schedule asked for and that was never sent. `waited`: the least that it would have waited, where that is known. */
  unsent(at: Micros, waited?: Micros): void
}

/** Room for so many. */
export function answersOf(most: number): Answers & { count: number } {
  return {
    count: 0,
    at: new Float64Array(most),
    service: new Float64Array(most),
    response: new Float64Array(most),
    asSent: new Float64Array(most),
  }
}

/**
 * `rate`, `seconds` and `expected`: of the load, length of the window, and about how many requests it will hold. `shift`: by how much
 * the generator began after the agreed time, where there are several.
 */
export function gather(rate: PerSecond | 'max', seconds: Seconds, expected: number, shift: Micros = 0): Gathering {
  const isOpen = rate !== 'max'
  const response = latencyHistogram()
  const asSent = latencyHistogram()
  const late = latencyHistogram()
  const disturbed = { response: latencyHistogram(), asSent: latencyHistogram() }
  let neverSent = 0
  const timeline = timelineBuilder(seconds, expected, shift)
  // Settling is judged by the service time: it tells of the target, where the response time also tells of a queue.
  const first = latencyHistogram()
  const middle = latencyHistogram()
  const last = latencyHistogram()
  const firstEnds = 0.1 * seconds * MICROS
  const lastBegins = 0.5 * seconds * MICROS
  const partOf = (at: Micros) => (at < firstEnds ? first : at < lastBegins ? middle : last)
  let lateness = new Float64Array(0)

  const disturb = (at: Micros, responseTime: Micros, asSentTime: Micros): void => {
    disturbed.response.record(responseTime)
    disturbed.asSent.record(asSentTime)
    timeline.disturbed({ at, response: responseTime, asSent: asSentTime })
  }

  const sentLate = ({ count, at, response: responseTimes, asSent: asSentTimes }: Answers): void => {
    if (count > lateness.length) lateness = new Float64Array(count)
    for (let index = 0; index < count; index++) {
      const added = (asSentTimes[index] as Micros) - (responseTimes[index] as Micros)
      lateness[index] = added
      if (!isDisturbed(added, responseTimes[index] as Micros)) continue
      disturb(at[index] as Micros, responseTimes[index] as Micros, asSentTimes[index] as Micros)
    }
    response.recordAll(responseTimes, 0, count)
    asSent.recordAll(asSentTimes, 0, count)
    late.recordAll(lateness, 0, count)
  }

  const raw = (): Raw => ({
    ...{ rate, response, asSent, late, disturbed, neverSent, first, middle, last },
    seconds: timeline,
  })

  return {
    ...gathered(raw),
    raw,
    answered(answers) {
      const { count, at, service: serviceTimes, response: responseTimes } = answers
      timeline.answered(at, isOpen ? responseTimes : serviceTimes, serviceTimes, count)
      if (isOpen) sentLate(answers)
      // Neighbours mostly lie in the same part of the window.
      let from = 0
      for (let index = 1; index <= count; index++) {
        const part = partOf(at[from] as Micros)
        if (index < count && part === partOf(at[index] as Micros)) continue
        part.recordAll(serviceTimes, from, index)
        from = index
      }
    },
    failed: timeline.failed,
    readLate({ at, response: responseTime, asSent: asSentTime }, added) {
      const isCounted = isDisturbed(asSentTime - responseTime, responseTime)
      if (!isCounted && isDisturbed(added, responseTime)) disturb(at, responseTime, asSentTime)
    },
    unsent(at, waited) {
      neverSent++
      timeline.disturbed({ at, asSent: waited ?? Number.POSITIVE_INFINITY })
      if (waited === undefined) return
      response.record(waited)
      disturbed.response.record(waited)
    },
  }
}

/** Pauses of the load generator, found from requests that it could have sent but did not. */
interface Standstills {
  /** A request could have been sent at `from` and was at `to`. */
  sentLate(from: Micros, to: Micros): void
  /** How long the load generator paused within a time; valid once all requests are added. */
  within(from: Micros, to: Micros): Micros
}

export function standstills(): Standstills {
  const told: { from: Micros; to: Micros }[] = []
  let merged: { from: Micros; to: Micros }[] | undefined
  return {
    sentLate(from, to) {
      if (to - from > DISTURBED) told.push({ from, to })
    },
    within(from, to) {
      merged ??= union(told)
      let [low, high] = [0, merged.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((merged[middle]?.to ?? 0) <= from) low = middle + 1
        else high = middle
      }
      let all = 0
      for (let at = merged[low]; at && at.from < to; at = merged[++low])
        all += Math.min(to, at.to) - Math.max(from, at.from)
      return all
    },
  }
}

function union(times: { from: Micros; to: Micros }[]): { from: Micros; to: Micros }[] {
  const merged: { from: Micros; to: Micros }[] = []
  for (const { from, to } of times.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  return merged
}
