import type { Analysis, Estimate, Standing } from '../../model/analysis.ts'

/** One arm of one run. */
export interface Side {
  readonly analysis: Analysis
  readonly arm: string
}

/** B against A under one load and metric. Ratios and differences are of B to A. */
export interface Contrast {
  readonly load: string
  readonly metric: string
  readonly armA: string
  readonly armB: string
  /** `paired`: both arms of one run, within its blocks. `unpaired`: of two runs, trial against trial. */
  readonly method: 'paired' | 'unpaired'
  readonly a: readonly number[]
  readonly b: readonly number[]
  /** As the report of the run has them: geometric means over trials, arithmetic where a value is 0. */
  readonly levelA?: Estimate
  readonly levelB?: Estimate
  /** Blocks that have both, where paired. */
  readonly pairs?: number
  /** Blocks in which B is higher than A, where paired. */
  readonly higherIn?: number
  /** Paired: mean of the blocks' log-ratios, cohorts counted in. Unpaired: Hodges–Lehmann shift of the logarithms. */
  readonly ratio?: Estimate
  /** In the metric's unit: A's level times (ratio − 1). Without a ratio the mean difference, or the shift. */
  readonly difference?: Estimate
  /** Cliff's delta, −1 to 1, where unpaired. */
  readonly delta?: number
  /** Two-sided. Unpaired: exact Mann–Whitney with ties. */
  readonly p?: number
  /** By Holm over everything that is compared here. */
  readonly adjusted?: number
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** A fact that is not the same on both sides. */
export interface Discrepancy {
  readonly what: string
  readonly a: string
  readonly b: string
}

/** Everything that `compare` shows. */
export interface SidesCompared {
  readonly method: Contrast['method']
  readonly contrasts: readonly Contrast[]
  /** What changed from A to B besides the arms: allowed, and to be known. */
  readonly changed: readonly Discrepancy[]
  /** What a reader must know before quoting any of it. */
  readonly cautions: readonly string[]
}
