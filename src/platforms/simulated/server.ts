import type { Simulation } from '../../model/scenario.ts'
import type { Seconds } from '../../model/units.ts'
import { random } from '../../stats/random.ts'
import { levelOf, type Subject, strikes } from './subject.ts'

/** The server of a trial, behind its mesh. It answers any number of requests at a time. */
export interface Server {
  /** When a request sent then is answered, in seconds from the opening of the window; warm-up is before 0. */
  answer(sentAt: Seconds): { readonly at: Seconds; readonly ok: boolean }
  /** When the load generator does what it has to do at a time: at once, or when its pause is over. */
  awake(at: Seconds): Seconds
}

/** A slow arm answers so slowly that those in flight at once carry only this share of the rate. */
const SLOW_SHARE = 0.7

/** Length of a pause of the load generator, as a share of the window. */
const PAUSE_SHARE = 0.02

/** `inFlight`: how many requests the load generator keeps open at most. */
export function server(subject: Subject, inFlight: number): Server {
  const { scenario, arm, load, trial } = subject
  const { spread, stalls } = scenario.simulation
  const level = levelOf(subject)
  const delay = arm.inject?.delay ?? 0
  const slow = load.rate !== 'max' && strikes(scenario, 'slow', arm.name, trial.block)
  const least = slow ? inFlight / (SLOW_SHARE * Number(load.rate)) : 0
  const failing = strikes(scenario, 'errors', arm.name, trial.block)
  const stream = random(scenario.seed, 'requests', trial.id)
  let answers = 0
  const stops = strikes(scenario, 'generator-pause', arm.name, trial.block)
    ? load.duration / 2
    : Number.POSITIVE_INFINITY
  const goes = stops + PAUSE_SHARE * load.duration
  return {
    answer: (sentAt) => {
      const work = Math.max(least, level * Math.exp(spread * stream.normal()) + delay)
      return { at: done(sentAt, work, stalls), ok: !failing || answers++ % 2 === 0 }
    },
    awake: (at) => (at >= stops && at < goes ? goes : at),
  }
}

/** When work is done that rests during stalls. The first stall begins after half of the time between two. */
function done(sentAt: Seconds, work: Seconds, stalls: Simulation['stalls']): Seconds {
  if (!stalls) return sentAt + work
  const { every, last } = stalls
  let at = sentAt
  let left = work
  for (let stall = Math.max(0, Math.floor((sentAt - last) / every + 0.5)); ; stall++) {
    const from = every * (stall + 0.5)
    if (at + left <= from) return at + left
    left -= Math.max(0, from - at)
    at = Math.max(at, from + last)
  }
}
