import type { JudgedTrial } from '../model/analysis.ts'
import type { Trial } from '../model/plan.ts'
import type { Timeline } from '../model/result.ts'
import { MICROS, type Micros } from '../model/units.ts'

/** A trial in which single seconds were far slower than the rest of it. */
export interface Stall {
  readonly trial: Trial
  readonly status: JudgedTrial['status']
  readonly timeline: Timeline
  /** Seconds of the window, from 0, that stand out. */
  readonly seconds: readonly number[]
  /** In seconds: the slowest request of those, and the p99 of the median second. */
  readonly worst: number
  readonly usual: number
}

const FACTOR = 10
const LEAST: Micros = 20_000

/** Seconds whose p99 is at least ten times that of the median second, and at least 20 ms; worst trial first. For the eye: no verdict rests on it. */
export function findStalls(trials: readonly JudgedTrial[]): Stall[] {
  return trials
    .flatMap(({ result, status }) => {
      if (result.outcome.status !== 'measured') return []
      const { timeline } = result.outcome.reading
      const busy = timeline.p99.filter((latency) => latency > 0).sort((a, b) => a - b)
      const median = busy[Math.floor((busy.length - 1) / 2)]
      if (median === undefined || busy.length < 4) return []
      const bound = Math.max(FACTOR * median, LEAST)
      const seconds = [...timeline.p99.entries()].filter(([, p99]) => p99 >= bound).map(([second]) => second)
      if (seconds.length === 0) return []
      const worst = Math.max(...seconds.map((second) => timeline.max[second] ?? 0)) / MICROS
      return [{ trial: result.trial, status, timeline, seconds, worst, usual: median / MICROS }]
    })
    .sort((a, b) => b.worst - a.worst)
}
