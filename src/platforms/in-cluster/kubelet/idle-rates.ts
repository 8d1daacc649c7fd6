import type { Seconds } from '../../../model/units.ts'
import type { TimedCounters } from './cadvisor.ts'

/** CPU of a cgroup while no load is put on it, in cores. */
export interface IdleRate {
  readonly cores: number
  /** How far the rate within some seconds may be from it. */
  readonly doubt: number
}

/** A stretch without load between two readings of a cgroup. */
interface Stretch {
  readonly seconds: Seconds
  readonly cpuSeconds: Seconds
}

/** Shorter stretches say little: a reading that is a tenth of a second late shifts the rate by a percent. */
const SHORTEST: Seconds = 8
/** In cores. A program that used nothing before the load may collect its garbage after it. */
const LEAST_DOUBT = 0.0005
/** So many stretches show how much a rate varies. */
const ENOUGH = 3

/**
 * What cgroups use without load, learned during a visit. The rate is that of all stretches together. With three stretches or more,
 * the doubt is the largest difference of one of them from it; with fewer, the rate itself: it is assumed to lie between 0 and
 * twice what was seen. It is never less than half a thousandth of a core.
 */
export function idleRates() {
  const all = new Map<string, Stretch[]>()
  return {
    /** Readings of a cgroup, in the order of time, between which there was no load. */
    learn(key: string, readings: readonly TimedCounters[]): void {
      for (const [index, to] of readings.entries()) {
        const from = readings[index - 1]
        const seconds = from ? to.at - from.at : 0
        if (!from || seconds < SHORTEST || to.cpuSeconds < from.cpuSeconds) continue
        all.set(key, [...(all.get(key) ?? []), { seconds, cpuSeconds: to.cpuSeconds - from.cpuSeconds }])
      }
    },
    /** Undefined where nothing was learned. */
    of(key: string): IdleRate | undefined {
      const stretches = all.get(key)
      if (!stretches) return undefined
      const cores = sum(stretches.map(({ cpuSeconds }) => cpuSeconds)) / sum(stretches.map(({ seconds }) => seconds))
      const apart = stretches.map(({ seconds, cpuSeconds }) => Math.abs(cpuSeconds / seconds - cores))
      const most = Math.max(...apart)
      return { cores, doubt: Math.max(LEAST_DOUBT, most, stretches.length < ENOUGH ? cores : 0) }
    },
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
