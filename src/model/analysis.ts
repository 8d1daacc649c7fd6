import type { Diagnostic } from './diagnostic.ts'
import type { Installation } from './installation.ts'
import type { HeldResult, OperationReading, Result, Run } from './result.ts'
import type { Capacity } from './scenario.ts'
import type { MetricUnit, Seconds } from './units.ts'
import type { CostUnit, Role } from './usage.ts'

/** A run read back from its folder, with what is held of each trial. */
export interface RunRecord<Held = HeldResult> {
  readonly run: Run
  /** In the order of the plan. */
  readonly results: readonly Held[]
  /** The installations in the clusters of its arms; absent where the platform installs nothing, and in old runs. */
  readonly installations?: readonly Installation[]
  /** Files that could not be read, with the reason. They are always reported. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
  /** Trials whose file has no digest in the journal: those of old runs, and the last one of a run that was killed. */
  readonly undigested?: number
  readonly details: TrialDetails
  /** Trials whose latencies contradict each other, with the reason. The gate does not judge by them. */
  readonly doubtful?: readonly { readonly trial: string; readonly reason: string }[]
  /** What its journal has of its trials; absent for records that were not read from a folder. */
  readonly journal?: Journal
}

/** What the journal of a run has of its trials. */
export interface Journal {
  /** SHA-256 of the file of each trial that was measured, by its id: the last one. */
  readonly digests: ReadonlyMap<string, string>
  /** Ids of trials that were measured more than once. */
  readonly repeated: readonly string[]
  /** How often the run was started or resumed. */
  readonly starts: number
  /** Whether it ended by itself when it was last started. */
  readonly isDone: boolean
}

/** Reads all of one trial, by its id, for who draws or compares it. */
export type TrialDetails = (trial: string) => Result

/** A run whose trials are in memory as a whole. */
export type WholeRun = Omit<RunRecord<Result>, 'details'>

/**
 * `service`: time from the actual send. `response`: time from the intended send, which includes waiting for a connection
 * behind a stall. It is a replay of each connection: done = max(due, done of the previous) + service time, response =
 * done − due. Lateness of the load generator is in neither, since the arm does not cause it and it would hide differences
 * between arms. It is stored as `late`, and quantiles that pauses of the generator could affect are withheld.
 */
export type Clock = 'response' | 'service'

/** A problem of a trial or of the comparison. Its message is a title: "The load generator did not hold the rate". */
export interface Problem extends Required<Diagnostic> {
  /** Stable, for programs: `rate-not-held`, `too-few-samples`, … */
  readonly rule: string
  /** `invalid`: the trial is not used. `warning`: it is used, and the reader is told. */
  readonly severity: 'invalid' | 'warning'
  readonly cause: string
  readonly effect: string
  readonly remedy: string
  /** The arm or load of the comparison that it affects; absent for all. */
  readonly arm?: string
  readonly load?: string
}

/** A trial with the judgement of the validity rules. */
export interface JudgedTrial<Of extends HeldResult = HeldResult> {
  readonly result: Of
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
 * The result of comparing an arm with the baseline. `no-difference`: less than the scenario's least effect, or an interval
 * close to none. `within-noise`: not more than the difference of the A/A pair.
 */
export type Standing = 'baseline' | 'higher' | 'lower' | 'no-difference' | 'within-noise' | 'undecided' | 'no-data'

/** The basis of the interval of a comparison. */
export interface Basis {
  /** The replicate. With two or more cohorts it is the cohort, whose scatter includes that of its blocks. */
  readonly unit: 'cohorts' | 'blocks'
  readonly cohorts: number
  /** Degrees of freedom of its t; `pooled` of them come from A/A arms of the same mesh. */
  readonly freedom: number
  readonly pooled?: number
  /** Standard deviations of the log-ratio (or of the difference without a ratio), between cohorts and between blocks within a cohort. */
  readonly between?: number
  readonly within?: number
  /** Whether the interval holds for a single provisioning of clusters only. */
  readonly onlyHere?: true
  /** What the difference of equal arms added on both sides for it, in the logarithm or the difference. */
  readonly widened?: number
  /** What the largest error of the values themselves added, on the side where it is larger; likewise. */
  readonly error?: number
}

/** A metric's value in one trial. */
interface CellValue {
  readonly cohort: number
  readonly block: number
  readonly value: number
  /**
   * The largest error of the value itself, in its unit: of CPU by the counters of kubelets. It is a bound and no standard deviation, and does
   * not become smaller by repetition. Absent where there is none.
   */
  readonly error?: number
}

/** One arm × load × metric. */
export interface Cell {
  readonly arm: string
  readonly load: string
  readonly metric: string
  /** One value per valid trial, in the metric's base unit. Of an analysis, made anew for whoever reads them. */
  readonly values: readonly CellValue[]
  /**
   * The level. For the baseline, the mean over its trials. For another arm, the baseline's level times `ratio` (plus
   * `difference` without a ratio), which is the mean over its own trials if none is missing. The t interval is of its own trials.
   */
  readonly estimate?: Estimate
  /** Kind of mean of level and comparison: geometric, or arithmetic where any arm has values of 0 or below. */
  readonly mean?: 'geometric' | 'arithmetic'
  /** Ratio to the baseline, paired within blocks: t interval on log-ratios. Absent for the baseline, where no block has both, and where means are arithmetic. */
  readonly ratio?: Estimate
  /** Difference to the baseline in the metric's unit: its level times (ratio − 1), with the ratio's interval. Without a ratio the mean difference, paired within blocks. */
  readonly difference?: Estimate
  /** The basis of the ratio, or of the difference without a ratio. */
  readonly basis?: Basis
  /** Two-sided p-value against no difference, by the t of the interval, for a single cell. */
  readonly p?: number
  /**
   * Benjamini and Hochberg’s q over all cells of the run: below 0.05, at most 5 % of such findings are false. Absent for
   * A/A pairs.
   */
  readonly q?: number
  /** The Hodges–Lehmann ratio over blocks, where it disagrees with the t interval over blocks. */
  readonly robust?: Estimate
  /** For an undecided cell: the total number of blocks or cohorts that would decide it if estimate and scatter stay the same. */
  readonly needed?: { readonly blocks: number; readonly cohorts: number }
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** The merged histograms of all valid trials, for charts and not for inference. */
export interface Distribution {
  readonly arm: string
  readonly load: string
  readonly clock: Clock
  readonly requests: number
  /** Points of the percentile spectrum: quantile in 0…1, latency in seconds. */
  readonly spectrum: readonly { readonly quantile: number; readonly latency: number }[]
}

/** Average busy CPU, and memory; or both per request per second. */
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
  /** CPU-seconds that a million requests add to idle CPU; absent without idle windows. */
  readonly cpu?: number
  /** Use without load; absent without idle windows. */
  readonly idle?: Resources
  /** Cores busy on average under load. */
  readonly cores: number
  /** Under load. */
  readonly memoryBytes: number
  readonly n: number
}

/** What the mesh of an arm used in one valid trial, in the units of the cost model. */
export interface CostSample {
  readonly arm: string
  readonly load: string
  readonly cohort: number
  readonly block: number
  /**
   * Use without load: per pod (sidecar), per node, per namespace, and per cluster. File pages that sidecars on one node share
   * count for the node.
   */
  readonly idle: Readonly<Record<CostUnit, Resources>>
  /** What each request per second adds on its path. */
  readonly perRate: Resources
}

/** What features cost on one arm: the arms with a feature against the arm that is equal to them without it. */
export interface FeatureCosts {
  readonly without: string
  readonly mesh: string
  /** First the arms that have no feature, which are equal to that arm (A/A), then one for each feature. */
  readonly arms: readonly { readonly name: string; readonly feature?: string }[]
  readonly metrics: readonly MetricInfo[]
  /** Of these metrics, with the arm without the feature as their baseline. */
  readonly cells: readonly Cell[]
}

/** The difference of an A/A pair for one load and metric: smaller differences are noise in this run. */
export interface NoiseFloor {
  readonly load: string
  readonly metric: string
  readonly arm: string
  readonly ratio: Estimate
}

/** Percentiles of one valid trial, for charts of the scatter between trials. */
export interface TrialSpectrum {
  readonly trial: string
  readonly arm: string
  readonly load: string
  readonly clock: Clock
  /** In seconds, at `SPECTRUM_QUANTILES` in order; as many as the trial has enough requests for and as are not withheld. */
  readonly latencies: readonly number[]
}

/** Everything that comes from histograms, in the order of the scenario. */
export interface Latencies {
  readonly distributions: readonly Distribution[]
  /** Spectra of valid trials by clock, in the order of their distributions. */
  readonly spectra: readonly TrialSpectrum[]
}

/** The quantiles of a trial's spectrum. */
export const SPECTRUM_QUANTILES = [
  0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999,
  0.9995, 0.9999,
] as const

/** The ranking of the arms other than the baseline, best first, for one load and metric. */
export interface Ranking {
  readonly load: string
  readonly metric: string
  readonly groups: readonly RankGroup[]
}

/** Arms without a decided difference from the best of them; a group has no order within it. */
export interface RankGroup {
  readonly arms: readonly string[]
  /** The best of this group against the best of the group before it, paired within blocks; absent for the first group. */
  readonly behind?: { readonly ratio?: Estimate; readonly difference?: Estimate }
}

/** Loads that differ only in their rate, slowest first, and the curve of each arm. */
export interface Sweep {
  readonly loads: readonly string[]
  readonly curves: readonly SweepCurve[]
}

export interface SweepCurve {
  readonly arm: string
  readonly points: readonly {
    readonly load: string
    /** Target rate in requests per second. */
    readonly rate: number
    /** Answers per second. */
    readonly throughput?: Estimate
    readonly p50?: Estimate
    readonly p99?: Estimate
  }[]
  /** Where it no longer keeps up: the last load that it carried and the first that it did not. Absent where it carried all. */
  readonly knee?: { readonly carried?: string; readonly broke: string; readonly why: string }
}

/** A group of a script under one load, in all arms; or an iteration of the whole script. */
export interface ScriptPart {
  readonly load: string
  readonly kind: 'group' | 'iteration'
  /** Names of the groups, the outermost first; empty for what is in no group, and for an iteration. */
  readonly path: readonly string[]
  /** Metrics `p50` and `p99`: service times of the requests of a group; of an iteration, its time with the script's own. `time`: the median from begin to end of a group. */
  readonly cells: readonly Cell[]
  /** Sums over valid trials, by arm. */
  readonly counts: readonly {
    readonly arm: string
    readonly iterations: number
    readonly requests: number
    readonly errors: number
    readonly passed: number
    readonly failed: number
  }[]
}

/**
 * What a trial says of its rate. `far-over`: so far beyond the goal that a short trial is enough to say it. `unusable`: a
 * disturbance that the arm did not cause may have decided it. `failed`: nothing was measured.
 */
export type CapacityFinding = 'under' | 'over' | 'far-over' | 'unusable' | 'failed'

/**
 * Why a search ended. `width`: the bounds are as close as the goal asks for. `above-max`, `below-min`: the goal is met at the
 * highest rate of the range, or missed at the lowest. `budget`: one more trial would take longer than the budget. `disturbed`,
 * `failed`: too many trials of one rate were unusable or failed.
 */
export type CapacityEnding = 'width' | 'above-max' | 'below-min' | 'budget' | 'disturbed' | 'failed'

/** A trial of a search. */
export interface CapacityTrial {
  readonly trial: string
  /** Requests per second that were offered. */
  readonly rate: number
  /** Seconds. */
  readonly duration: number
  readonly finding: CapacityFinding
  /** Of the response time, in seconds; absent where nothing was answered. */
  readonly p99?: number
  /** Share of the planned requests that failed or were not sent; absent where nothing was measured. */
  readonly errors?: number
  /** Successful answers per second; absent where nothing was measured. */
  readonly answered?: number
  /** Cores that the mesh used, idle use included; absent where CPU was not observed. */
  readonly cores?: number
}

/** The search for the capacity of one arm in one block. Rates are requests per second. */
export interface CapacitySearch {
  readonly arm: string
  readonly cohort: number
  readonly block: number
  /** The highest rate at which the goal was met, and the lowest at which it was missed. */
  readonly lower?: number
  readonly upper?: number
  /** The middle of the bounds, in the logarithm; absent where the search found no two bounds as close as the goal asks for. */
  readonly capacity?: number
  /** Successful answers per second at the lower bound (RFC 9971: conditional throughput). */
  readonly throughput?: number
  /** Cores that the mesh used at the lower bound. */
  readonly cores?: number
  /** Absent where the search has not ended. */
  readonly ended?: CapacityEnding
  /** Time under load, warm-ups included. */
  readonly seconds: number
  readonly trials: readonly CapacityTrial[]
}

/** What callers noticed of an operation. */
export interface OperationEffects {
  readonly operation: OperationReading
  /** Requests that failed, of those that were due since the operation began. */
  readonly errors: number
  /** Requests that were answered later than a second, or never sent, since their connection waited until the window ended. */
  readonly late: number
  /**
   * From the start of the operation to the end of the last second that was not normal, 0 where all were; absent where the operation had
   * not ended, or three seconds in a row were not normal again after it, when the window ended.
   */
  readonly recovery?: Seconds
  /** What it took at least then: to the end of the window. */
  readonly longerThan?: Seconds
  /** To the end of the last second that was not normal, where the operation went on when the window ended: what is known of it. */
  readonly soFar?: Seconds
  readonly change?: OperationReading['change']
}

/** The searches of one load, in the order of the plan. What they say of the arms is in cells of the capacity metrics. */
export interface CapacityOfLoad {
  readonly load: string
  readonly goal: Capacity
  readonly searches: readonly CapacitySearch[]
}

/** Everything that terminal, JSON, gate and report show. It is computed once. */
export interface Analysis {
  readonly schema: 1
  readonly record: RunRecord
  readonly metrics: readonly MetricInfo[]
  readonly trials: readonly JudgedTrial[]
  /** Planned trials that did not run. */
  readonly missing: readonly string[]
  /** Numbers of valid and of planned trials. */
  readonly validTrials: number
  readonly plannedTrials: number
  readonly cells: readonly Cell[]
  readonly noise: readonly NoiseFloor[]
  /** Computed on first use, with the spectra of all valid trials: see `latencies`. */
  readonly distributions: readonly Distribution[]
  readonly spectra: readonly TrialSpectrum[]
  /** Reads the histograms of all valid trials, which only charts need. Spectra are those of the trials named. */
  readonly latencies: (drawn: ReadonlySet<string>) => Latencies
  readonly rankings: readonly Ranking[]
  /** Why ranks are not shown: an arm is not the released product. Absent where they are shown. */
  readonly unranked?: string
  readonly sweeps: readonly Sweep[]
  /** Of a trial, whose file is read again; undefined of one without an operation, or without a measurement. */
  readonly effects: (trial: string) => OperationEffects | undefined
  /** One for each load that searches a capacity. */
  readonly capacities: readonly CapacityOfLoad[]
  readonly components: readonly ComponentCost[]
  /** Samples of arms with a mesh, where there are idle windows. Made anew for whoever reads them. */
  readonly costs: readonly CostSample[]
  /** Of loads with a script of the user's; absent where there is none. */
  readonly script?: readonly ScriptPart[]
  /** By mesh; absent where no arm has a feature. */
  readonly featureCosts?: readonly FeatureCosts[]
  /** Problems of the comparison as a whole. */
  readonly problems: readonly Problem[]
}
