import type { Analysis, Problem } from '../../model/analysis.ts'
import type { TrialView } from '../trial-view.ts'

/** What the rules of the whole comparison look at. */
export interface Comparison extends Pick<Analysis, 'record' | 'trials' | 'missing' | 'cells' | 'noise'> {
  /** Every trial that has a reading. */
  readonly measured: readonly TrialView[]
  /** Those that count. */
  readonly valid: readonly TrialView[]
}

/** A rule of the whole comparison. `invalid`: what it names cannot be compared. */
export interface ComparisonRule {
  /** Stable, for machines. */
  readonly name: string
  readonly title: string
  judge(comparison: Comparison): readonly Omit<Problem, 'rule'>[]
}
