import { typicalP99 } from '../../src/analyse/tail.ts'
import { MICROS } from '../../src/model/units.ts'
import type { Random } from '../../src/stats/random.ts'

/** A window of requests on a host that stalls: what is due during a stall waits for its end. */
export interface StalledWindow {
  readonly rate: number
  readonly seconds: number
  /** Service times are log-logistic: the p99 is `99 ** spread` times the median. */
  readonly spread: number
  /** Seconds from one stall to the next, and how long one lasts, both uniform in so large a share around these. */
  readonly every: number
  readonly last: number
  readonly jitter: number
}

/** At a rate of `quick`, with what was seen on two shared cores: stalls of 60 to 180 ms about every 5.2 s in every arm. */
export const HOST: StalledWindow = { rate: 250, seconds: 15, spread: 0.3, every: 5.2, last: 0.12, jitter: 0.5 }

export type Tail = 'typical-p99' | 'p99'

/**
 * A tail of one simulated window, in units of the median service time's, with stalls in seconds. Only what can be in a
 * tail is drawn: every wait, and the slowest of the other requests as order statistics. Queues after a stall are left out.
 */
export function simulatedTail(tail: Tail, window: StalledWindow, level: number, random: Random): number {
  const stalls = stallsIn(window, random)
  const p99 = (from: number, to: number) => {
    const waits = stalls.flatMap((stall) => waitsIn(stall, Math.max(from, stall.from), Math.min(to, stall.to)))
    const requests = window.rate * (to - from)
    const rank = requests - Math.ceil(0.99 * requests) + 1
    const slow = [...waits.map((wait) => wait + level), ...slowest(requests - waits.length, rank)]
    return slow.sort((a, b) => b - a)[rank - 1] ?? Number.NaN
  }
  const waitsIn = ({ to }: Stall, first: number, last: number) =>
    Array.from(
      { length: Math.round(window.rate * Math.max(0, last - first)) },
      () => to - first - (last - first) * random.uniform(),
    )
  const slowest = (requests: number, most: number) => {
    let beyond = 1
    // The largest of n uniform numbers is the n-th root of one; the next is that of n − 1, below it.
    return Array.from({ length: Math.min(requests, most) }, (_, place) => {
      beyond *= (1 - random.uniform()) ** (1 / (requests - place))
      return level * (beyond / (1 - beyond)) ** window.spread
    })
  }
  if (tail === 'p99') return p99(0, window.seconds)
  const each = Array.from({ length: window.seconds }, (_, second) => p99(second, second + 1) * MICROS)
  const none = each.map(() => 0)
  const slices = { seconds: 1, answers: each.map(() => window.rate), p99: each, serviceP99: none, disturbed: none }
  const told = typicalP99({ slices }, 'response')
  if (!('value' in told)) throw new Error(told.reason)
  return told.value
}

interface Stall {
  readonly from: number
  readonly to: number
}

function stallsIn({ seconds, every, last, jitter }: StalledWindow, random: Random): Stall[] {
  const around = () => 1 + jitter * (2 * random.uniform() - 1)
  const stalls: Stall[] = []
  for (let from = -every * random.uniform(); from < seconds; from += every * around()) {
    stalls.push({ from, to: from + last * around() })
  }
  return stalls
}
