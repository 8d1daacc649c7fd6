import type { Analysis, Problem } from '../../model/analysis.ts'
import type { HeldView } from '../trial-view.ts'

/** What the rules of the comparison read. */
export interface Comparison extends Pick<Analysis, 'record' | 'trials' | 'missing' | 'cells' | 'noise' | 'capacities'> {
  /** Every trial that has a reading. */
  readonly measured: readonly HeldView[]
  /** The measured trials that are valid. */
  readonly valid: readonly HeldView[]
}

/** A rule of the comparison. A finding of severity `invalid` means that the arm or load it names cannot be compared. */
export interface ComparisonRule {
  /** Stable: programs may rely on it. */
  readonly name: string
  readonly title: string
  readonly problem: string
  judge(comparison: Comparison): readonly Omit<Problem, 'rule' | 'message'>[]
}
