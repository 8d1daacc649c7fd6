import { FAMILY } from './night.ts'
import type { Proof } from './page.ts'
import { FALSE_ALARMS } from './promises.ts'

/** What the report shows of the proof: `src/report/error-rates.json`. */
export interface ErrorRates {
  readonly schema: 1
  /** Cells of a night. */
  readonly cells: number
  /** Goal: the share of nights with a false alarm in any cell. */
  readonly goal: number
  readonly falseAlarms: readonly {
    readonly noise: string
    readonly deviation?: number
    readonly nights: number
    readonly alarms: number
    /** One-sided bound of the share of nights. */
    readonly upper: number
  }[]
  readonly power: readonly {
    readonly deviation: number
    readonly increase: number
    readonly nights: number
    readonly found: number
  }[]
}

export function errorRatesOf({ family, power }: Pick<Proof, 'family' | 'power'>): ErrorRates {
  return {
    schema: 1,
    cells: FAMILY,
    goal: FALSE_ALARMS,
    falseAlarms: family.map(({ title, deviation, nights, alarms, upper }) => ({
      noise: title,
      ...(deviation !== undefined && { deviation }),
      nights,
      alarms,
      upper,
    })),
    power: power.map(({ deviation, increase, nights, verdicts }) => ({
      deviation,
      increase,
      nights,
      found: verdicts.regression,
    })),
  }
}
