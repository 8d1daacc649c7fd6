import type { MetricUnit } from './units.ts'

/** `off`: not judged at all. */
export const LEVELS = ['off', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** A number of a metric's unit as people write it; which unit is only known when the metric is. */
export interface Quantity {
  readonly unit: MetricUnit
  /** In base units. */
  readonly value: number
  /** As written. */
  readonly text: string
}

/** What a cell is judged by. Shares are of the reference: 0.1 is 10 %. */
export interface CellLimits {
  /** A cell passes when its bound is not worse than this. */
  readonly margin: number
  /** Smaller effects are no regression, however certain. */
  readonly minEffect: number
  /** Smaller differences are no regression, however large their ratio; holds for metrics of its unit. */
  readonly minAbsolute: Quantity
  /** Its level when it cannot be judged: too few valid blocks. */
  readonly nodata: Exclude<Level, 'off'>
  /** How far the means of equal arms on different provisionings lie apart, and from how many that is known. */
  readonly spread?: { readonly deviation: number; readonly cohorts: number }
  /** Of a pinned reference: how far ratios to the baseline lie apart from run to run without a cause, and from how many that is known. */
  readonly night?: { readonly deviation: number; readonly runs: number }
}

/** How p-values are adjusted for the family: `holm` for any cells; `maxt` pays less for cells that move together. */
export const FAMILY_METHODS = ['holm', 'maxt'] as const
export type FamilyMethod = (typeof FAMILY_METHODS)[number]

/** Covers cells until the end of a day (UTC, `2026-12-01`). */
export interface Waiver {
  readonly match: string
  readonly until: string
  readonly reason: string
}

/** What a gate demands. Patterns are `arm/load/metric`, where `*` stands for any part of a name. */
export interface Limits {
  /** By candidate; or a rule: `*-ref` is the reference of what `*` stands for. */
  readonly reference: string | Readonly<Record<string, string>>
  /** A file of `gate accept`, in place of reference arms. */
  readonly pinned?: string
  /** Judged unless `assert` says otherwise: the family that `alpha` holds for. */
  readonly metrics: readonly string[]
  /** Chance that a night without any difference has a regression in any cell; and the same of an improvement. */
  readonly alpha: number
  readonly family: { readonly method: FamilyMethod }
  readonly blocks: {
    /** Of the first stage. */
    readonly initial: number
    /** In all, after `run --extend`. */
    readonly extendTo: number
    /** Fewer blocks with both arms valid decide nothing. */
    readonly minValid: number
  }
  readonly defaults: CellLimits & { readonly level: Level }
  /** Later rules override earlier ones. */
  readonly assert: Readonly<Record<string, Level | readonly [Level, Partial<CellLimits>]>>
  readonly budgets: Readonly<Record<string, Quantity>>
  readonly waivers: readonly Waiver[]
}
