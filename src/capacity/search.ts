import type { CapacityEnding as Ending, CapacityFinding as Finding } from '../model/analysis.ts'
import type { Capacity, Load } from '../model/scenario.ts'
import type { PerSecond, Seconds } from '../model/units.ts'
import type { Random } from '../stats/random.ts'

/**
 * The search for the highest rate at which an arm meets a goal, after MLRsearch (RFC 9971): short trials first, then trials of
 * full length between the bounds that these left; it ends when a lower and an upper bound are as close as the goal's width.
 * What it says next depends on the trials so far and on nothing else, so that a run that was broken off goes on where it was.
 */

/** What is measured next. */
interface Measurement {
  readonly rate: PerSecond
  readonly duration: Seconds
}

/** A trial of a search. */
export interface Probe extends Measurement {
  readonly finding: Finding
}

/** The rates between which the capacity lies, as far as the trials show it. */
interface Bounds {
  /** The highest rate at which the goal was met in a trial of full length; or, while there is none, in a short one. */
  readonly lower?: PerSecond
  /** The lowest rate at which it was missed. */
  readonly upper?: PerSecond
}

/** Where a search stands: `next` is absent once it has ended. */
export interface Standing extends Bounds {
  readonly next?: Measurement
  readonly ended?: Ending
}

/** The parts of a load that a search reads. */
export type Searched = Pick<Load, 'warmup' | 'duration'> & { readonly capacity: Capacity }

/** A short trial takes this share of a full one. */
const SHORT = 1 / 4
/** No trial is shorter, in seconds. */
const LEAST_SECONDS = 1
/** Requests of the shortest trial: ten of them lie beyond p99. */
const LEAST_REQUESTS = 1000
/** The bounds that short trials find are so many goal widths apart. */
const COARSE = 4
/** The rate is at most multiplied by this, so that no trial is far beyond what the arm was seen to carry. */
const MOST_GROWTH = 2
/** So many failed trials end a search. */
const MOST_FAILED = 2
/** So many unusable trials of one rate end a search. */
const MOST_UNUSABLE = 3
/** Two rates that differ by less are one. */
const SAME = 1e-6

/** The next trial of a search, or how it ended. `start`: where it begins; read only while there is no trial. */
export function standing(load: Searched, probes: readonly Probe[], start: PerSecond): Standing {
  const known = boundsOf(load, probes)
  const ended = givenUp(probes)
  if (ended) return { ...known, ended }
  const wanted = wantedNext(load, probes, start)
  if (typeof wanted === 'string') return { ...known, ended: wanted }
  const spent = sum(probes.map((probe) => secondsOf(load, probe)))
  // The first trial is always measured: a budget below one trial would measure nothing.
  if (probes.length > 0 && spent + secondsOf(load, wanted) > load.capacity.budget) return { ...known, ended: 'budget' }
  return { ...known, next: wanted }
}

/** Warm-up and window. */
function secondsOf({ warmup }: Searched, { duration }: Measurement): Seconds {
  return warmup + duration
}

function givenUp(probes: readonly Probe[]): Ending | undefined {
  if (probes.filter(({ finding }) => finding === 'failed').length >= MOST_FAILED) return 'failed'
  const unusable = Map.groupBy(
    probes.filter(({ finding }) => finding === 'unusable'),
    ({ rate }) => rate.toPrecision(6),
  )
  return [...unusable.values()].some(({ length }) => length >= MOST_UNUSABLE) ? 'disturbed' : undefined
}

/** A rate with what all usable trials say of it. */
interface Judged {
  readonly rate: PerSecond
  readonly isOver: boolean
}

/**
 * What is known of each rate, in rising order. Where a rate has trials of full length, the short ones do not count. Of several
 * trials the longer time decides; a draw is over.
 */
function judged(load: Searched, probes: readonly Probe[], which: 'full' | 'any'): Judged[] {
  const usable = probes.filter(({ finding }) => finding !== 'unusable' && finding !== 'failed')
  const byRate = Map.groupBy(usable, ({ rate }) => rate.toPrecision(6))
  return [...byRate.values()]
    .flatMap((all): Judged[] => {
      const full = all.filter((probe) => isFull(load, probe))
      const counted = full.length > 0 ? full : all.filter(({ finding }) => which === 'any' || finding === 'far-over')
      const [first] = counted
      if (!first) return []
      const under = sum(counted.map(({ finding, duration }) => (finding === 'under' ? duration : 0)))
      return [{ rate: first.rate, isOver: 2 * under <= sum(counted.map(({ duration }) => duration)) }]
    })
    .toSorted((a, b) => a.rate - b.rate)
}

function isFull(load: Searched, { rate, duration }: Measurement): boolean {
  return duration >= fullSeconds(load, rate) * (1 - SAME)
}

function fullSeconds(load: Searched, rate: PerSecond): Seconds {
  return lastingFor(load.duration, rate)
}

function shortSeconds(load: Searched, rate: PerSecond): Seconds {
  return lastingFor(load.duration * SHORT, rate)
}

/** Whole seconds, so that every request of the schedule is in a second of the time line. */
function lastingFor(seconds: Seconds, rate: PerSecond): Seconds {
  return Math.ceil(Math.max(LEAST_SECONDS, seconds, LEAST_REQUESTS / rate) - SAME)
}

/** The lowest rate that is over, and the highest below it that is not (RFC 9971: relevant upper and lower bound). */
function around(all: readonly Judged[]): Bounds {
  const upper = all.find(({ isOver }) => isOver)?.rate
  const lower = all.findLast(({ rate, isOver }) => !isOver && (upper === undefined || rate < upper))?.rate
  return { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) }
}

/** The bounds that trials of full length confirm; where these have none, those of short trials. */
function boundsOf(load: Searched, probes: readonly Probe[]): Bounds {
  return { ...around(judged(load, probes, 'any')), ...around(judged(load, probes, 'full')) }
}

/** The trial that the search wants next, whatever it costs, or why it needs none. */
function wantedNext(load: Searched, probes: readonly Probe[], start: PerSecond): Measurement | Ending {
  const { width, min, max } = load.capacity
  const coarse = (1 + width) ** COARSE
  const all = judged(load, probes, 'any')
  const { lower, upper } = around(all)
  const short = (rate: PerSecond) => ({ rate, duration: shortSeconds(load, rate) })
  if (lower === undefined && upper === undefined) return short(probes[0]?.rate ?? within(start, load.capacity))
  if (upper === undefined && lower !== undefined) {
    if (lower < max * (1 - SAME)) return short(Math.min(max, written(lower * growth([all.at(-1), all.at(-2)], coarse))))
    return confirmed(load, probes, lower) ? 'above-max' : { rate: lower, duration: fullSeconds(load, lower) }
  }
  if (lower === undefined && upper !== undefined) {
    if (upper > min * (1 + SAME)) return short(Math.max(min, written(upper / growth([all[0], all[1]], coarse))))
    return confirmed(load, probes, upper) ? 'below-min' : { rate: upper, duration: fullSeconds(load, upper) }
  }
  return between(load, probes, { lower: lower ?? min, upper: upper ?? max })
}

/** Steps grow while the other bound is not found: each is the square of the one before, up to twice the rate. */
function growth([near, next]: readonly [Judged | undefined, Judged | undefined], coarse: number): number {
  const before = near && next ? Math.max(near.rate / next.rate, next.rate / near.rate) : 1
  return Math.min(MOST_GROWTH, Math.max(coarse, before ** 2))
}

/** Halves the distance between two bounds (in the logarithm): by short trials while they are far apart, then by full ones. */
function between(load: Searched, probes: readonly Probe[], { lower, upper }: Required<Bounds>): Measurement | Ending {
  const { width } = load.capacity
  const rate = written(Math.sqrt(lower * upper))
  const apart = Math.log(upper / lower)
  if (apart > COARSE * Math.log1p(width) * (1 + SAME)) return { rate, duration: shortSeconds(load, rate) }
  if (apart > Math.log1p(width) * (1 + SAME)) return { rate, duration: fullSeconds(load, rate) }
  const unsure = [lower, upper].find((bound) => !confirmed(load, probes, bound))
  return unsure === undefined ? 'width' : { rate: unsure, duration: fullSeconds(load, unsure) }
}

/** Whether a bound rests on a trial of full length. */
function confirmed(load: Searched, probes: readonly Probe[], rate: PerSecond): boolean {
  return probes.some(
    (probe) =>
      Math.abs(probe.rate / rate - 1) < SAME &&
      isFull(load, probe) &&
      probe.finding !== 'unusable' &&
      probe.finding !== 'failed',
  )
}

/** Five digits are far finer than any goal's width, and can be read. */
function written(rate: PerSecond): PerSecond {
  return Number(rate.toPrecision(5))
}

function within(rate: PerSecond, { min, max }: Pick<Capacity, 'min' | 'max'>): PerSecond {
  return Math.min(max, Math.max(min, rate))
}

/**
 * Where a search begins: near the capacity that was found before (of this arm, else of another one), or in the middle of the
 * range. It is moved by chance within the distance that short trials leave, so that the bounds of different blocks are at
 * different rates: else every block would round its capacity to the same one, and the interval would be too narrow.
 */
export function startingRate({ capacity }: Searched, found: PerSecond | undefined, stream: Random): PerSecond {
  const { min, max, width } = capacity
  const middle = found ?? Math.sqrt(min * max)
  return within(written(middle * (1 + width) ** (COARSE * (stream.uniform() - 0.5))), capacity)
}

/** The capacity of a search that ended with two bounds of full trials: their middle, in the logarithm. Requests per second. */
export function capacityOf({ ended, lower, upper }: Standing): PerSecond | undefined {
  return ended === 'width' && lower !== undefined && upper !== undefined ? Math.sqrt(lower * upper) : undefined
}

/**
 * The trials of a search against an arm whose capacity is known: what a search is expected to measure. The arm is over by far
 * where the rate is beyond its capacity by more than the goal's width.
 */
export function rehearse(load: Searched, truth: PerSecond, start: PerSecond): Probe[] {
  const probes: Probe[] = []
  for (;;) {
    const { next } = standing(load, probes, start)
    if (!next) return probes
    const far = truth * (1 + load.capacity.width)
    probes.push({ ...next, finding: next.rate <= truth ? 'under' : next.rate > far ? 'far-over' : 'over' })
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
