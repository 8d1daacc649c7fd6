import type { Seconds } from '../../model/units.ts'
import type { Server } from './server.ts'

/** One of k6's scenarios: arrivals at a constant rate, or as fast as answers come. Times from the start of the run. */
export interface K6Scenario {
  readonly name: string
  readonly startTime: Seconds
  readonly duration: Seconds
  readonly rate: number | 'max'
  /** Virtual users, each with one connection. */
  readonly users: number
}

export interface Iteration {
  readonly scenario: string
  readonly sentAt: Seconds
  /** Absent: no virtual user was free, so it was dropped. */
  readonly answeredAt?: Seconds
  readonly ok: boolean
}

/** What k6 does with a scenario; `opening` is the time of the run that the server's clock counts from. */
export function k6Schedule(scenario: K6Scenario, server: Server, opening: Seconds): Iteration[] {
  const awake = (at: Seconds) => server.awake(at - opening) + opening
  const send = (sentAt: Seconds) => {
    const { at, ok } = server.answer(sentAt - opening)
    return { scenario: scenario.name, sentAt, answeredAt: awake(at + opening), ok }
  }
  return scenario.rate === 'max' ? closedLoop(scenario, send) : arrivals(scenario, scenario.rate, send, awake)
}

type Send = (sentAt: Seconds) => Required<Iteration>

/** Every arrival takes a free virtual user and is sent on time, or is dropped. */
function arrivals(
  { name, startTime, duration, users }: K6Scenario,
  rate: number,
  send: Send,
  awake: (at: Seconds) => Seconds,
): Iteration[] {
  const freeAt = new Array<Seconds>(users).fill(0)
  return Array.from({ length: Math.floor(rate * duration) }, (_, arrival) => {
    const sentAt = awake(startTime + arrival / rate)
    const user = freeAt.findIndex((free) => free <= sentAt)
    if (user < 0) return { scenario: name, sentAt, ok: true }
    const iteration = send(sentAt)
    freeAt[user] = iteration.answeredAt
    return iteration
  })
}

function closedLoop({ startTime, duration, users }: K6Scenario, send: Send): Iteration[] {
  return Array.from({ length: users }, () => {
    const own: Iteration[] = []
    for (let free = startTime; free < startTime + duration; ) {
      const iteration = send(free)
      own.push(iteration)
      free = iteration.answeredAt
    }
    return own
  }).flat()
}
