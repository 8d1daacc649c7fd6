import type { Estimate, MetricInfo } from './analysis.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { ExitCode } from './exit-codes.ts'
import type { FamilyMethod } from './limits.ts'

/**
 * `regression`, `improvement`: confirmed over the whole family of cells. `pass`: the upper bound of the interval is within
 * the margin. `inconclusive`: neither. `invalid`: data needed for a verdict are missing or unreliable.
 */
export const CELL_VERDICTS = ['regression', 'improvement', 'inconclusive', 'invalid', 'pass'] as const
export type CellVerdict = (typeof CELL_VERDICTS)[number]

/** The verdict of a run: that of its worst cell. `budget`: an absolute limit is broken. */
export type Verdict = CellVerdict | 'budget'

/** `error` decides the exit code; `warn` is only reported. */
type GateLevel = 'error' | 'warn'

/** One candidate × load × metric against its reference. Ratios are of the candidate to the reference. */
export interface GateCell {
  readonly arm: string
  /** The reference arm of the same run, or the same arm in the pinned reference. */
  readonly reference: string
  readonly load: string
  readonly metric: MetricInfo
  readonly level: GateLevel
  readonly verdict: CellVerdict
  /** Whether the first stage suspects the cell. More blocks must confirm it: `run --extend` measures them. */
  readonly suspected: boolean
  /**
   * Whether an inconclusive cell of the last stage still points to a regression: the mean does before adjustment over the
   * family, or the Hodges–Lehmann estimate does. It never exits with 0.
   */
  readonly unconfirmed?: true
  /** For a pinned reference: whether this run alone breaches it. A second breach in a row is a regression. */
  readonly breach?: boolean
  /** Whether a waiver covers the cell, so that its verdict does not count. */
  readonly waived: boolean
  readonly ratio?: Estimate
  /** One-sided 99.5 % bound of the ratio on the worse side, which decides a pass. */
  readonly bound?: number
  /** Candidate less reference, in the metric's base unit, paired within blocks. */
  readonly difference?: Estimate
  /** One-sided p-value against no difference; `adjusted` over the family. */
  readonly p?: { readonly worse: number; readonly better: number }
  readonly adjusted?: { readonly worse: number; readonly better: number }
  /** Blocks in which both arms are valid, and in how many of them the candidate was worse. */
  readonly blocks: { readonly valid: number; readonly planned: number; readonly worse: number }
  readonly cohorts: number
  /** The scatter behind the interval: of blocks, of cohorts, or of runs (`runs`, with a pinned reference). */
  readonly basis?: 'blocks' | 'cohorts' | 'runs'
  /** Whether mean and robust Hodges–Lehmann interval disagree: one shows the difference and the other does not. */
  readonly disputed?: true
  /** Standard deviation of the log-ratio between blocks. */
  readonly deviation?: number
  /** The total number of blocks or cohorts that would decide an inconclusive cell if the estimate stays the same. */
  readonly needed?: { readonly blocks: number; readonly cohorts: number }
  /** For an invalid cell: the rule of the finding that prevents a verdict. */
  readonly rule?: string
  /** Since when it is worse, by the history. Absent for cells that are not worse, and without earlier runs. */
  readonly since?: Since
  /** One sentence with the figures, and one with `since`. */
  readonly message: string
  /** A command line that measures this cell again. */
  readonly reproduce: string
}

/** The first of the runs up to this one in which a cell is worse. */
export interface Since {
  readonly run: string
  readonly startedAt: string
  /** How many runs before this one have the difference as well. */
  readonly earlier: number
  /** The last run with less than half of it, its own ratio to the reference, and what changed up to `run`. Absent where all have it. */
  readonly before?: {
    readonly run: string
    readonly startedAt: string
    readonly ratio: number
    readonly versions: readonly { readonly what: string; readonly from: string; readonly to: string }[]
  }
  /** The same in words. */
  readonly message: string
}

/** An absolute limit, checked against the worse end of the interval. */
export interface BudgetCheck {
  readonly arm: string
  readonly load: string
  readonly metric: MetricInfo
  /** In the metric's base unit. */
  readonly limit: number
  readonly estimate?: Estimate
  readonly verdict: 'kept' | 'broken' | 'invalid'
  readonly waived: boolean
  readonly message: string
}

/** A finding of the gate: everything but a plain pass. */
export interface GateFinding extends Diagnostic {
  /** Stable, for programs: `regression`, `budget-broken`, `missing-trials`, `reference-missing`, … */
  readonly rule: string
  readonly severity: 'regression' | 'budget' | 'invalid' | 'inconclusive' | 'warning' | 'improvement' | 'note'
  readonly arm?: string
  readonly load?: string
  readonly metric?: string
}

/** A difference between the sides of the comparison. */
export interface ProvenanceChange {
  /** `version of istio-sidecar`, `kernel`, `fortio`, … */
  readonly what: string
  readonly reference: string
  readonly candidate: string
}

/** `expired`: its date is past. `unused`: it covers nothing that fails. */
export interface WaiverUse {
  readonly match: string
  readonly until: string
  readonly reason: string
  readonly state: 'used' | 'unused' | 'expired'
  /** The cells that it covers, as `arm/load/metric`. */
  readonly cells: readonly string[]
}

/** The result of the gate, which terminal, JSON, JUnit, job summary and annotations show. */
export interface GateResult {
  readonly schema: 1
  readonly verdict: Verdict
  readonly exit: ExitCode
  readonly strict: boolean
  readonly run: {
    readonly id: string
    readonly scenario: string
    readonly platform: string
    readonly startedAt: string
  }
  /** `arms`: candidate and reference in the same run. `pinned`: against a file of `gate accept`. */
  readonly mode: 'arms' | 'pinned'
  /** 2 after `run --extend`. */
  readonly stage: 1 | 2
  readonly family: { readonly alpha: number; readonly cells: number; readonly method: FamilyMethod }
  /** The result in one line. */
  readonly headline: string
  /** Most severe first. */
  readonly findings: readonly GateFinding[]
  readonly cells: readonly GateCell[]
  readonly budgets: readonly BudgetCheck[]
  readonly changes: readonly ProvenanceChange[]
  readonly waivers: readonly WaiverUse[]
  /** The next command, where there is one: `meshbench run --extend …`. */
  readonly next?: string
}

/** Why a run, or a part of it, cannot be judged. */
export interface Objection extends Diagnostic {
  /** Stable: programs may rely on it. */
  readonly rule: string
  readonly remedy: string
  /** Where it applies; absent for everywhere. */
  readonly arm?: string
  readonly load?: string
  readonly metric?: string
  /** Whether the affected cells are not judged, since the verdict would rest on wrong data. */
  readonly spoils: boolean
}
