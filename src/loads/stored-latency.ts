import { Failure } from '../model/failure.ts'
import type { LatencySummary, Measured } from '../model/result.ts'
import { MICROS, type Micros } from '../model/units.ts'
import { encodedSlots, highestIn, SLOTS } from './histogram-encoding.ts'
import { rankOf } from './slots.ts'

/** Slots are up to 0.1 % wide, and figures are kept to a microsecond. */
const AGREE = 1e-3
const LEAST: Micros = 1

/**
 * What is wrong with the latencies of a stored trial, in one clause: a histogram that cannot be read, or a figure beside it
 * that is not the histogram's. Inference reads the figures of these two clocks, so one that was changed alone would be
 * published. Undefined where all agree.
 */
export function wrongLatency({ latency, slices }: Pick<Measured, 'latency' | 'slices'>): string | undefined {
  const { summary, service, response } = latency
  try {
    for (const [clock, text] of Object.entries({ service, response })) {
      if (text === undefined) continue
      const figures = figuresOf(text)
      const stored = summary?.[clock as 'service' | 'response']
      const wrong = stored && differing(stored, figures)
      if (wrong) return `${wrong} of its ${WORDS[clock]} is not that of its histogram`
      if (slices && !couldBeOf(clock === 'service' ? slices.serviceP99 : slices.p99, figures)) {
        return `the p99 of its seconds cannot be those of the histogram of its ${WORDS[clock]}`
      }
    }
  } catch (error) {
    const { message, why } = Failure.from(error)
    return [message, why].filter(Boolean).join(': ')
  }
  return undefined
}

const WORDS: Readonly<Record<string, string>> = {
  service: 'service time',
  response: 'response time',
}

/** Of the occupied slots of one histogram at a time: kept, since thousands are read one after the other. */
const highest = new Float64Array(SLOTS)
const upTo = new Float64Array(SLOTS)

/** Largest value of each slot. */
const LARGEST = Float64Array.from({ length: SLOTS }, (_, slot) => highestIn(slot))

/** The figures that are stored beside a histogram, without making one: in seconds, all 0 where it is empty. */
function figuresOf(text: string): LatencySummary {
  let [slots, count, sum] = [0, 0, 0]
  encodedSlots(text).visit((slot, times) => {
    const value = LARGEST[slot] as number
    count += times
    sum += times * value
    highest[slots] = value
    upTo[slots++] = count
  })
  if (count === 0) return { count, mean: 0, min: 0, max: 0, p50: 0, p90: 0, p99: 0, p999: 0 }
  let at = 0
  const valueAt = (rank: number) => {
    while ((upTo[at] as number) < rank) at++
    return (highest[at] as number) / MICROS
  }
  // In ascending order of their ranks.
  const min = valueAt(1)
  const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((q) => valueAt(rankOf(q, count))) as [
    number,
    number,
    number,
    number,
  ]
  return { count, mean: sum / count / MICROS, min, max: valueAt(count), p50, p90, p99, p999 }
}

/** The p99 of a whole lies between the smallest and the largest p99 of its parts, and no part has one above the maximum. */
function couldBeOf(ofSlices: readonly number[], { count, p99, max }: LatencySummary): boolean {
  const known = ofSlices.filter((value) => value > 0).map((value) => value / MICROS)
  if (known.length === 0 || count === 0) return true
  const [least, most] = [Math.min(...known), Math.max(...known)]
  const room = (value: number) => PARTS * value + LEAST / MICROS
  return most <= max + room(max) && least <= p99 + room(p99) && most >= p99 - room(p99)
}

/** What ranks within a slice of some hundred requests, and requests after its end, may add. */
const PARTS = 0.02

function differing(stored: LatencySummary, figures: LatencySummary): string | undefined {
  return (Object.keys(figures) as (keyof LatencySummary)[]).find((name) => {
    const [one, other] = [stored[name], figures[name]]
    if (name === 'count') return one !== other
    return !(Math.abs(one - other) <= AGREE * Math.max(one, other) + LEAST / MICROS)
  })
}
