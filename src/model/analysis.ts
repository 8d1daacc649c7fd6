import type { Installation } from './installation.ts'
import type { Result, Run } from './result.ts'
import type { MetricUnit } from './units.ts'
import type { CostUnit, Role } from './usage.ts'

/** A run read back from its folder. */
export interface RunRecord {
  readonly run: Run
  readonly results: readonly Result[]
  /** What stood in the clusters of its arms; none where the platform installs nothing, or the run is of before it was kept. */
  readonly installations?: readonly Installation[]
  /** Files that could not be read, with the reason: shown, never skipped in silence. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * `service`: from the actual send. `response`: from the intended send, so that waiting for a connection behind a stall
 * counts: a replay of each connection, done = max(due, done of the previous) + service time, response = done − due. How
 * late the generator itself was is in neither, since it is no time of the arm's and would hide differences between arms:
 * it is kept as `late`; requests that come out of its pauses withhold the quantiles that they could have made.
 */
export type Clock = 'response' | 'service'

/** A problem of a trial or of the whole comparison. Every one says cause, effect on the result, and what to do. */
export interface Problem {
  /** Stable, for machines: `rate-not-held`, `too-few-samples`, … */
  readonly rule: string
  /** `invalid`: the trial does not count. `warning`: it counts, and the reader is told. */
  readonly severity: 'invalid' | 'warning'
  readonly cause: string
  readonly effect: string
  readonly remedy: string
  /** Where in a comparison, when it is not all of it. */
  readonly arm?: string
  readonly load?: string
}

/** A trial with the judgement of the validity rules. */
export interface JudgedTrial {
  readonly result: Result
  readonly status: 'valid' | 'invalid' | 'failed'
  readonly problems: readonly Problem[]
}

/** Facts about a metric that every table, chart and gate needs. */
export interface MetricInfo {
  readonly name: string
  readonly title: string
  readonly unit: MetricUnit
  readonly better: 'lower' | 'higher'
  readonly clock?: Clock
  readonly quantile?: number
}

/** A 95 % interval for the mean level; `lo` and `hi` are absent below two trials. `n` counts trials or blocks, never requests. */
export interface Estimate {
  readonly center: number
  readonly lo?: number
  readonly hi?: number
  readonly n: number
}

/**
 * What can be said of an arm against the baseline. `no-difference`: less than the scenario's least effect, or an interval that
 * stays close to none. `within-noise`: not more than the A/A pair shows.
 */
export type Standing = 'baseline' | 'higher' | 'lower' | 'no-difference' | 'within-noise' | 'undecided' | 'no-data'

/** What the interval of a comparison rests on. */
export interface Basis {
  /** The replicate: with two or more cohorts the cohort, whose scatter holds that of its blocks. */
  readonly unit: 'cohorts' | 'blocks'
  readonly cohorts: number
  /** Of its t; `lent` of them by A/A arms of the same mesh, which know as well how far its cohorts lie apart. */
  readonly freedom: number
  readonly lent?: number
  /** Standard deviations of the log-ratio (of the difference where there is no ratio): of cohorts, and of blocks within one. */
  readonly between?: number
  readonly within?: number
  /** One provisioning of clusters: the interval says nothing of another. */
  readonly onlyHere?: true
  /** What was added on either side for it, by what equal arms differ by: of the logarithm, or of the difference. */
  readonly widened?: number
}

/** One arm × load × metric. */
export interface Cell {
  readonly arm: string
  readonly load: string
  readonly metric: string
  /** One value per valid trial, in the metric's base unit. */
  readonly values: readonly { readonly cohort: number; readonly block: number; readonly value: number }[]
  /**
   * Level. Of the baseline the mean over its trials; of another arm the baseline's level times `ratio` (plus `difference`
   * where there is no ratio), which is the mean over its own trials where none is missing. A t interval of its own trials.
   */
  readonly estimate?: Estimate
  /** What level and comparison are means of: logarithms; values where an arm has some that are 0 or less. */
  readonly mean?: 'geometric' | 'arithmetic'
  /** Ratio to the baseline, paired within blocks: t interval on log-ratios. Absent for the baseline, where no block has both, and where means are arithmetic. */
  readonly ratio?: Estimate
  /** Difference to the baseline in the metric's unit: its level times (ratio − 1), with the ratio's interval. Without a ratio the mean difference, paired within blocks. */
  readonly difference?: Estimate
  /** Of the ratio, or of the difference where there is no ratio. */
  readonly basis?: Basis
  /** Two-sided, against no difference, by the t of the interval. For one look at one cell. */
  readonly p?: number
  /**
   * Benjamini and Hochberg’s q over all cells of the run: below 0.05, at most 5 % of such findings are false. Absent for
   * A/A pairs.
   */
  readonly q?: number
  /** The Hodges–Lehmann ratio over blocks, where it does not say the same as the t interval over blocks. */
  readonly robust?: Estimate
  /** Of an undecided cell: what would decide it in all, if estimate and scatter stay where they are. */
  readonly needed?: { readonly blocks: number; readonly cohorts: number }
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** The distribution that is drawn: histograms of all valid trials merged. For looking, not for inference. */
export interface Distribution {
  readonly arm: string
  readonly load: string
  readonly clock: Clock
  readonly requests: number
  /** Points of the percentile spectrum: quantile in 0…1, latency in seconds. */
  readonly spectrum: readonly { readonly quantile: number; readonly latency: number }[]
}

/** CPU that is busy on average, and memory. Of something per request and second they are for each of these. */
export interface Resources {
  readonly cores: number
  readonly bytes: number
}

/** What one component of an arm costs under a load: means over valid trials. */
export interface ComponentCost {
  readonly arm: string
  readonly load: string
  readonly component: string
  readonly role: Role
  /** CPU-seconds that a million requests add to what is there without load; absent without idle windows. */
  readonly cpu?: number
  /** Without load; likewise. */
  readonly idle?: Resources
  /** Cores busy on average under load. */
  readonly cores: number
  /** Under load. */
  readonly memoryBytes: number
  readonly n: number
}

/** What one valid trial says of the mesh of an arm, in the units that the cost model counts in. */
export interface CostSample {
  readonly arm: string
  readonly load: string
  readonly cohort: number
  readonly block: number
  /**
   * Without load: of one sidecar, of what the mesh has on one node and in one namespace, and of what it has once. Pages of files
   * that sidecars on one node share count for the node.
   */
  readonly idle: Readonly<Record<CostUnit, Resources>>
  /** What each request per second adds on its whole way. */
  readonly perRate: Resources
}

/** The A/A pair's spread for one load and metric: the smallest ratio that tonight can be told from nothing. */
export interface NoiseFloor {
  readonly load: string
  readonly metric: string
  readonly arm: string
  readonly ratio: Estimate
}

/** Percentiles of one valid trial, for looking at the spread between trials. */
export interface TrialSpectrum {
  readonly trial: string
  readonly arm: string
  readonly load: string
  readonly clock: Clock
  /** In seconds, at `SPECTRUM_QUANTILES` in order; as many as the trial has enough requests for and as are not withheld. */
  readonly latencies: readonly number[]
}

/** Where a trial's spectrum is read. */
export const SPECTRUM_QUANTILES = [
  0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999,
  0.9995, 0.9999,
] as const

/** The arms that are compared with the baseline, best first, under one load by one metric. */
export interface Ranking {
  readonly load: string
  readonly metric: string
  readonly groups: readonly RankGroup[]
}

/** Arms that cannot be told from the best of them: within a group there is no order. */
export interface RankGroup {
  readonly arms: readonly string[]
  /** The best of this group against the best of the group before it, paired within blocks; absent for the first group. */
  readonly behind?: { readonly ratio?: Estimate; readonly difference?: Estimate }
}

/** Loads that differ in nothing but their rate, slowest first, and what each arm does as the rate grows. */
export interface Sweep {
  readonly loads: readonly string[]
  readonly curves: readonly SweepCurve[]
}

export interface SweepCurve {
  readonly arm: string
  readonly points: readonly {
    readonly load: string
    /** Requests per second that were asked for. */
    readonly rate: number
    /** Answers per second. */
    readonly throughput?: Estimate
    readonly p50?: Estimate
    readonly p99?: Estimate
  }[]
  /** Where it stops keeping up: the last load that it carried and the first that it did not. Absent where it carried all of them. */
  readonly knee?: { readonly carried?: string; readonly broke: string; readonly why: string }
}

/** Everything that terminal, JSON, gate and report show: computed once, never again by any of them. */
export interface Analysis {
  readonly schema: 1
  readonly record: RunRecord
  readonly metrics: readonly MetricInfo[]
  readonly trials: readonly JudgedTrial[]
  /** Trials that the plan has and that were not run. */
  readonly missing: readonly string[]
  /** How much of the run counts: trials that are valid, and all that the plan has. */
  readonly validTrials: number
  readonly plannedTrials: number
  readonly cells: readonly Cell[]
  readonly noise: readonly NoiseFloor[]
  /** Computed when it is first read: it decodes every histogram, which only pictures need. */
  readonly distributions: readonly Distribution[]
  /** Likewise computed when first read. */
  readonly spectra: readonly TrialSpectrum[]
  readonly rankings: readonly Ranking[]
  /** Why nobody is shown these ranks: an arm is not the released product. Absent where nothing says so. */
  readonly unranked?: string
  readonly sweeps: readonly Sweep[]
  readonly components: readonly ComponentCost[]
  /** Of arms with a mesh, where there are idle windows. */
  readonly costs: readonly CostSample[]
  /** Problems of the comparison as a whole. */
  readonly problems: readonly Problem[]
}
