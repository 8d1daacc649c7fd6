import { Failure } from '../model/failure.ts'
import { perQuantile } from '../model/quantiles.ts'
import type { LatencySummary, Measured, StoredSummary, Timeline } from '../model/result.ts'
import { MICROS, type Micros } from '../model/units.ts'
import { encodedSlots, highestIn, SLOTS } from './histogram-encoding.ts'
import { rankOf } from './slots.ts'

/** Slots are up to 0.1 % wide, and figures are kept to a microsecond. */
const AGREE = 1e-3
const LEAST: Micros = 1

/** What is wrong with the latencies of a stored trial, in one clause each. */
interface LatencyTrouble {
  /** A histogram that cannot be read, or a figure that is not its own: inference reads these figures, so they would be published. */
  readonly wrong?: string
  /** Seconds that contradict the histogram, or fewer different values than any clock tells: nobody should rely on them. */
  readonly doubtful?: string
}

/** Both clocks of a stored trial; nothing where all agree. */
export function latencyTrouble(
  measured: Pick<Measured, 'latency' | 'slices' | 'timeline' | 'dropped'>,
): LatencyTrouble {
  const { service, response } = measured.latency
  let doubtful: string | undefined
  try {
    for (const [clock, text] of Object.entries({ service, response })) {
      if (text === undefined) continue
      const figures = figuresOf(text)
      const wrong = wrongWith(measured, clock as Clock, figures)
      if (wrong) return { wrong }
      doubtful ??= doubtAbout(measured, clock as Clock, figures)
    }
  } catch (error) {
    const { message, why } = Failure.from(error)
    return { wrong: [message, why].filter(Boolean).join(': ') }
  }
  return doubtful === undefined ? {} : { doubtful }
}

type Clock = 'service' | 'response'

function wrongWith({ latency, slices }: Pick<Measured, 'latency' | 'slices'>, clock: Clock, figures: LatencySummary) {
  const stored = latency.summary?.[clock]
  const wrong = stored && differing(stored, figures)
  if (wrong) return `${wrong} of its ${WORDS[clock]} is not that of its histogram`
  if (!slices || !areWhole(slices, figures)) return undefined
  if (couldBeOf(clock === 'service' ? slices.serviceP99 : slices.p99, figures)) return undefined
  return `the p99 of its seconds cannot be those of the histogram of its ${WORDS[clock]}`
}

function doubtAbout(
  { latency, slices, timeline, dropped }: Pick<Measured, 'latency' | 'slices' | 'timeline' | 'dropped'>,
  clock: Clock,
  figures: LatencySummary,
): string | undefined {
  if (isCoarse(figures)) return `its ${WORDS[clock]} has ${slots} different values, fewer than any clock tells`
  const p99 = clock === 'service' ? slices?.serviceP99 : slices?.p99
  if (slices && p99 && !fitsBeyond(p99, slices.answers, figures.count)) {
    return `too many or too few requests of its histogram are beyond the p99 of its seconds, by ${WORDS[clock]}`
  }
  // What was never sent has a response time, but no second.
  const isOfTimeline = clock === (latency.response === undefined ? 'service' : 'response') && dropped === 0
  return isOfTimeline && !isTold(timeline, figures)
    ? `its time line cannot be that of the histogram of its ${WORDS[clock]}`
    : undefined
}

const WORDS: Readonly<Record<Clock, string>> = {
  service: 'service time',
  response: 'response time',
}

/** Of the occupied slots of one histogram at a time: kept, since thousands are read one after the other. */
let slots = 0
const highest = new Float64Array(SLOTS)
const upTo = new Float64Array(SLOTS)

/** Largest value of each slot. */
const LARGEST = Float64Array.from({ length: SLOTS }, (_, slot) => highestIn(slot))

/** The figures that are stored beside a histogram, without making one: in seconds, all 0 where it is empty. */
function figuresOf(text: string): LatencySummary {
  slots = 0
  let [count, sum] = [0, 0]
  encodedSlots(text).visit((slot, times) => {
    const value = LARGEST[slot] as number
    count += times
    sum += times * value
    highest[slots] = value
    upTo[slots++] = count
  })
  if (count === 0) return { count, mean: 0, min: 0, max: 0, ...perQuantile(() => 0) }
  let at = 0
  const valueAt = (rank: number) => {
    while ((upTo[at] as number) < rank) at++
    return (highest[at] as number) / MICROS
  }
  // In ascending order of their ranks.
  const min = valueAt(1)
  const quantiles = perQuantile((q) => valueAt(rankOf(q, count)))
  return { count, mean: sum / count / MICROS, min, max: valueAt(count), ...quantiles }
}

/** An incomplete slice at the end of a window is left out, and its answers may be the slowest of all. */
function areWhole({ answers }: NonNullable<Measured['slices']>, { count }: LatencySummary): boolean {
  return answers.reduce((sum, one) => sum + one, 0) >= (1 - AGREE) * count
}

/** The p99 of a whole lies between the smallest and the largest p99 of its parts, and no part has one above the maximum. */
function couldBeOf(ofSlices: readonly number[], { count, p99, max }: LatencySummary): boolean {
  const known = ofSlices.filter((value) => value > 0).map((value) => value / MICROS)
  if (known.length === 0 || count === 0) return true
  const [least, most] = [Math.min(...known), Math.max(...known)]
  const room = (value: number) => PARTS * value + LEAST / MICROS
  return most <= max + room(max) && least <= p99 + room(p99) && most >= p99 - room(p99)
}

/**
 * Whether the histogram has as many values beyond each of the p99 as follow from them: at most one in a hundred answers of the
 * seconds with a p99 of that or less and all answers of the others, and at least one in a hundred of these.
 */
function fitsBeyond(p99: readonly number[], answers: readonly number[], count: number): boolean {
  const seconds = p99.map((value, index) => ({ value, answers: answers[index] ?? 0 })).filter(({ value }) => value > 0)
  const inSeconds = seconds.reduce((sum, one) => sum + one.answers, 0)
  return seconds.every(({ value }) => {
    let [most, least] = [Math.max(0, count - inSeconds), 0]
    for (const one of seconds) {
      const beyond = one.answers - rankOf(0.99, one.answers)
      most += one.value <= value ? beyond : one.answers
      least += one.value >= value ? beyond : 0
    }
    return (
      countAbove(value * (1 + WIDTH) + LEAST, count) <= most && countAbove(value * (1 - WIDTH) - LEAST, count) >= least
    )
  })
}

/** Twice the width of a slot. */
const WIDTH = 2e-3

/** How many values of the histogram that was read last are above one. */
function countAbove(value: number, count: number): number {
  let [from, to] = [0, slots]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((highest[middle] as number) > value) to = middle
    else from = middle + 1
  }
  return count - (from === 0 ? 0 : (upTo[from - 1] as number))
}

/** The median of a whole lies between those of its seconds, and its maximum is that of one of them. */
function isTold(
  { p50, max, requests, errors }: Timeline,
  { count, p50: median, max: largest }: LatencySummary,
): boolean {
  const answered = p50.flatMap((value, second) => ((requests[second] ?? 0) > (errors[second] ?? 0) ? value : []))
  if (count === 0 || answered.length === 0) return true
  const near = (one: number, other: number) => Math.abs(one - other) <= WIDTH * Math.max(one, other) + LEAST
  const within = median * MICROS
  const [least, most] = [Math.min(...answered), Math.max(...answered)]
  return (
    near(Math.max(...max), largest * MICROS) &&
    (near(least, within) || least < within) &&
    (near(most, within) || most > within)
  )
}

/** Answers from which a histogram must have more than a few different values, since clocks tell microseconds. */
const MANY_ANSWERS = 1000
const FEW_VALUES = 10
/** Latencies of a few microseconds have few values anyway. */
const MANY_TICKS: Micros = 100

function isCoarse({ count, p50 }: LatencySummary): boolean {
  return count >= MANY_ANSWERS && p50 * MICROS >= MANY_TICKS && slots < FEW_VALUES
}

/** What ranks within a slice of some hundred requests, and requests after its end, may add. */
const PARTS = 0.02

function differing(stored: StoredSummary, figures: LatencySummary): string | undefined {
  return (Object.keys(figures) as (keyof LatencySummary)[]).find((name) => {
    const [one, other] = [stored[name], figures[name]]
    // A quantile that is newer than the trial.
    if (one === undefined) return false
    if (name === 'count') return one !== other
    return !(Math.abs(one - other) <= AGREE * Math.max(one, other) + LEAST / MICROS)
  })
}
