import type { MetricUnit } from './units.ts'

/** `off`: not judged at all. */
export const LEVELS = ['off', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** An amount as a person writes it. Its unit must match that of the metric. */
export interface Quantity {
  readonly unit: MetricUnit
  /** In base units. */
  readonly value: number
  /** As written. */
  readonly text: string
}

/** The limits of a cell, as shares of the reference: 0.1 is 10 %. */
export interface CellLimits {
  /** A cell passes when its bound is not worse than this. */
  readonly margin: number
  /** Smaller effects are no regression, even if they are certain. */
  readonly minEffect: number
  /** Smaller differences are no regression, even if their ratio is large; for metrics with this unit. */
  readonly minAbsolute: Quantity
  /** Level of a cell that cannot be judged because it has too few valid blocks. */
  readonly nodata: Exclude<Level, 'off'>
  /** The scatter of equal arms between provisionings, and the number of provisionings behind it. */
  readonly spread?: { readonly deviation: number; readonly cohorts: number }
  /** For a pinned reference: the normal scatter of ratios between runs, and the number of runs behind it. */
  readonly night?: { readonly deviation: number; readonly runs: number }
}

/** How p-values are adjusted for the family: `holm` for any cells; `maxt` has more power for correlated cells. */
export const FAMILY_METHODS = ['holm', 'maxt'] as const
export type FamilyMethod = (typeof FAMILY_METHODS)[number]

/** Excuses cells until the end of a day (UTC, such as `2026-12-01`). */
export interface Waiver {
  readonly match: string
  readonly until: string
  readonly reason: string
}

/** The limits of a gate. Patterns are `arm/load/metric`, with `*` for any part of a name. */
export interface Limits {
  /** Reference by candidate; or a rule: `*-ref` is the reference of `*`. */
  readonly reference: string | Readonly<Record<string, string>>
  /** A file of `gate accept`, instead of reference arms. */
  readonly pinned?: string
  /** Metrics that are judged unless `assert` overrides it. They form the family of `alpha`. */
  readonly metrics: readonly string[]
  /** Probability that a run without any difference has a regression in any cell, and the same for an improvement. */
  readonly alpha: number
  readonly family: { readonly method: FamilyMethod }
  readonly blocks: {
    /** Blocks of the first stage. */
    readonly initial: number
    /** Total blocks after `run --extend`. */
    readonly extendTo: number
    /** Least number of blocks in which both arms are valid. */
    readonly minValid: number
  }
  readonly defaults: CellLimits & { readonly level: Level }
  /** Later rules override earlier ones. */
  readonly assert: Readonly<Record<string, Level | readonly [Level, Partial<CellLimits>]>>
  readonly budgets: Readonly<Record<string, Quantity>>
  readonly waivers: readonly Waiver[]
}

/** A candidate and its reference in the same run. */
export interface Pairing {
  readonly arm: string
  readonly reference: string
}

/** The pairs that a reference asks for: all that a map names, whether or not there are such arms, or those that fit a rule. */
export function pairingsOf(names: readonly string[], reference: Limits['reference']): Pairing[] {
  if (typeof reference !== 'string') return Object.entries(reference).map(([arm, other]) => ({ arm, reference: other }))
  if (!reference.includes('*')) return []
  return names.flatMap((arm) => {
    const other = reference.replaceAll('*', arm)
    return names.includes(other) && other !== arm ? [{ arm, reference: other }] : []
  })
}
