import type { Estimate, MetricInfo } from './analysis.ts'
import type { ExitCode } from './failure.ts'
import type { FamilyMethod } from './limits.ts'

/**
 * `regression`, `improvement`: confirmed over the whole family of cells. `pass`: worse by less than the margin, by the
 * upper bound of the interval. `inconclusive`: neither. `invalid`: what is needed to judge is missing or not to be trusted.
 */
export const CELL_VERDICTS = ['regression', 'improvement', 'inconclusive', 'invalid', 'pass'] as const
export type CellVerdict = (typeof CELL_VERDICTS)[number]

/** Of the whole: the gravest of its cells; `budget`: an absolute limit is broken. */
export type Verdict = CellVerdict | 'budget'

/** `error`: decides the exit code. `warn`: is said, and decides nothing. */
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
  /** The first stage found something that only fresh blocks can confirm: `run --extend` measures them. */
  readonly suspected: boolean
  /** Of a pinned reference, whose finding has to repeat: worse enough today, by itself. */
  readonly breach?: boolean
  /** A waiver covers this cell: its verdict stands and decides nothing. */
  readonly waived: boolean
  readonly ratio?: Estimate
  /** One-sided 99.5 % bound of the ratio on the bad side: what a pass is decided by. */
  readonly bound?: number
  /** Candidate less reference, in the metric's base unit, paired within blocks. */
  readonly difference?: Estimate
  /** One-sided: the chance of this or worse without a difference; `adjusted` over the family. */
  readonly p?: { readonly worse: number; readonly better: number }
  readonly adjusted?: { readonly worse: number; readonly better: number }
  /** Blocks in which both arms are valid, and in how many of them the candidate was worse. */
  readonly blocks: { readonly valid: number; readonly planned: number; readonly worse: number }
  readonly cohorts: number
  /** What the interval rests on: the scatter of blocks, of cohorts, or of nights (of a pinned reference). */
  readonly basis?: 'blocks' | 'cohorts' | 'nights'
  /** Found by the mean of the blocks, and not by the Hodges–Lehmann interval, which single blocks cannot move far. */
  readonly disputed?: true
  /** Standard deviation of the log-ratio between blocks. */
  readonly deviation?: number
  /** How much of what would decide an inconclusive cell, if the estimate stays where it is; in all, not in addition. */
  readonly needed?: { readonly blocks: number; readonly cohorts: number }
  /** Of an invalid cell: what kept it from being judged, as the rule of its finding. */
  readonly rule?: string
  /** One plain sentence with its figures. */
  readonly sentence: string
  /** A command line that measures this cell again. */
  readonly reproduce: string
}

/** An absolute limit, held against the bound of the interval on the bad side. */
export interface BudgetCheck {
  readonly arm: string
  readonly load: string
  readonly metric: MetricInfo
  /** In the metric's base unit. */
  readonly limit: number
  readonly estimate?: Estimate
  readonly verdict: 'kept' | 'broken' | 'invalid'
  readonly waived: boolean
  readonly sentence: string
}

/** What is to be read first: everything that is not a plain pass. */
export interface GateFinding {
  /** Stable, for machines: `regression`, `budget-broken`, `missing-trials`, `reference-missing`, … */
  readonly rule: string
  readonly severity: 'regression' | 'budget' | 'invalid' | 'inconclusive' | 'warning' | 'improvement' | 'note'
  readonly sentence: string
  /** What to do about it. */
  readonly remedy?: string
  readonly arm?: string
  readonly load?: string
  readonly metric?: string
}

/** Something that is not the same on both sides of the comparison. */
export interface ProvenanceChange {
  /** `version of istio-sidecar`, `kernel`, `fortio`, … */
  readonly what: string
  readonly reference: string
  readonly candidate: string
}

/** `expired`: its date is past, and it covers nothing. `unused`: it covers nothing that fails. */
export interface WaiverUse {
  readonly match: string
  readonly until: string
  readonly reason: string
  readonly state: 'used' | 'unused' | 'expired'
  /** `arm/load/metric` of what it covers. */
  readonly cells: readonly string[]
}

/** The whole answer of the gate: terminal, JSON, JUnit, job summary and annotations show this and nothing else. */
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
  /** One sentence for people in a hurry. */
  readonly headline: string
  /** Gravest first. */
  readonly findings: readonly GateFinding[]
  readonly cells: readonly GateCell[]
  readonly budgets: readonly BudgetCheck[]
  readonly changes: readonly ProvenanceChange[]
  readonly waivers: readonly WaiverUse[]
  /** The next command, where there is one: `meshbench run --extend …`. */
  readonly next?: string
}

/** Why a run, or a part of it, cannot be judged. */
export interface Objection {
  /** Stable, for machines. */
  readonly rule: string
  readonly sentence: string
  readonly remedy: string
  /** Where, when it is not everywhere. */
  readonly arm?: string
  readonly load?: string
  readonly metric?: string
  /** The cells there are not judged at all: a verdict would rest on what is wrong. */
  readonly spoils: boolean
}
