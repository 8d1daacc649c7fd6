import { MICROS, type Micros, type Seconds } from '../model/units.ts'
import { binomialCdf } from '../stats/distributions.ts'

/** What counts as stalled: this many times the median. */
export const STALL = 10

/** Requests that may have been stalled, side by side. */
export interface Candidates {
  readonly starts: Micros[]
  readonly latencies: Micros[]
}

/** One moment: its start since the start of the window, and how long it took. */
export interface Moment {
  readonly at: Seconds
  readonly seconds: Seconds
}

export interface Pauses {
  count: number
  seconds: Seconds
  /** The longest of them, in the order of time. */
  moments: Moment[]
}

/** Moments that are kept of a window: its stalls, not every hiccup. */
const KEPT = 100

/**
 * Moments in which at least half of the connections were waiting for a request that took more than ten times the
 * median: something common to all of them paused. One connection has at most one request under way, so the requests
 * under way at a moment are the connections.
 */
export function pausesOf({ starts, latencies }: Candidates, median: Micros, connections: number): Pauses {
  const stalled = starts.map((_, index) => index).filter((index) => (latencies[index] as Micros) > STALL * median)
  const opening = Float64Array.from(stalled, (index) => starts[index] as Micros).sort()
  const closing = Float64Array.from(stalled, (index) => (starts[index] as Micros) + (latencies[index] as Micros)).sort()
  let opened = 0
  const moments: Moment[] = []
  let since = 0
  let paused: Micros = 0
  for (const [closed, end] of closing.entries()) {
    while (opened < opening.length && (opening[opened] as Micros) < end) {
      opened++
      if (isHalf(opened - closed) && !isHalf(opened - closed - 1)) since = opening[opened - 1] as Micros
    }
    if (isHalf(opened - closed) && !isHalf(opened - closed - 1)) {
      paused += end - since
      moments.push({ at: since / MICROS, seconds: (end - since) / MICROS })
    }
  }
  return {
    count: moments.length,
    seconds: paused / MICROS,
    moments: moments
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, KEPT)
      .toSorted((a, b) => a.at - b.at),
  }

  function isHalf(waiting: number): boolean {
    return waiting * 2 >= connections
  }
}

/** Of the longest moment of a window: what is shorter is no stall of the same cause. */
const ALIKE = 0.25
/** Moments closer together than this are one stall: half of the connections came back in between. */
const APART: Seconds = 0.25

/** The stalls of a window: its long moments, those close together taken as one. */
export function stallsOf(moments: readonly Moment[]): Moment[] {
  const longest = moments.reduce((most, { seconds }) => Math.max(most, seconds), 0)
  const stalls: Moment[] = []
  for (const moment of moments.filter(({ seconds }) => seconds >= ALIKE * longest)) {
    const last = stalls.at(-1)
    if (!last || moment.at - last.at - last.seconds > APART) stalls.push(moment)
    else stalls[stalls.length - 1] = { at: last.at, seconds: moment.at + moment.seconds - last.at }
  }
  return stalls
}

/** Of a period, by which a gap between two stalls may miss a whole number of periods. */
const OFF = 0.1
/** Periods without a stall that a gap may hold: one that fell between two requests is not seen. */
const MOST = 3
/** What a gap counts less for every period in it that has no stall. */
const MISSED = 0.25
/** Of the gaps that have to fit. */
const ENOUGH = 0.7
/** Of gaps that come by chance, so many find a period of their own. */
const FALSE = 0.01

/**
 * The period at which stalls come back, from the stalls of each window; undefined where there is none. Each gap is tried as the
 * period. Of gaps that come by chance, 2 × `OFF` fit any period, which gives the chance (binomial) that as many fit as do, times
 * the number of periods that were tried (Bonferroni).
 */
export function periodOf(windows: readonly (readonly Moment[])[]): Seconds | undefined {
  const gaps = thinned(windows.flatMap(gapsOf))
  const tried = gaps.map((period) => {
    const fitting = gaps.filter((gap) => fits(gap, period))
    // Of two periods that fit as many gaps the one that most of them are, and not its half.
    const score = fitting.reduce((sum, gap) => sum + 1 - MISSED * (Math.round(gap / period) - 1), 0)
    return { period, fitting, score }
  })
  const best = tried.toSorted((a, b) => b.score - a.score)[0]
  if (!best || best.fitting.length < ENOUGH * gaps.length) return undefined
  const others = gaps.length - 1
  const chance = 1 - binomialCdf(best.fitting.length - 2, others, 2 * OFF)
  if (others < 2 || chance * gaps.length > FALSE) return undefined
  const lengths = best.fitting.map((gap) => gap / Math.round(gap / best.period)).toSorted((a, b) => a - b)
  return lengths[Math.floor(lengths.length / 2)]
}

/** The share of the gaps of these windows that are whole numbers of a period; undefined where there is no gap. */
export function shareAt(period: Seconds, windows: readonly (readonly Moment[])[]): number | undefined {
  const gaps = windows.flatMap(gapsOf)
  return gaps.length === 0 ? undefined : gaps.filter((gap) => fits(gap, period)).length / gaps.length
}

/** Whether stalls come back at a pace that is known of something: most of their gaps are whole numbers of it. */
export function comeEvery(period: Seconds, windows: readonly (readonly Moment[])[]): boolean {
  return (shareAt(period, windows) ?? 0) >= ENOUGH
}

/** More gaps make nothing surer, and each is held against every other. */
function thinned(gaps: readonly Seconds[], most = 500): readonly Seconds[] {
  const step = Math.ceil(gaps.length / most)
  return step <= 1 ? gaps : gaps.filter((_, index) => index % step === 0)
}

function gapsOf(stalls: readonly Moment[]): Seconds[] {
  return stalls.slice(1).map(({ at }, index) => at - (stalls[index] as Moment).at)
}

function fits(gap: Seconds, period: Seconds): boolean {
  const times = Math.round(gap / period)
  return times >= 1 && times <= MOST && Math.abs(gap / period - times) <= OFF
}
