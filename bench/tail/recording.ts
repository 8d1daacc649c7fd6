import { metrics } from '../../src/analyse/metrics.ts'
import { viewTrial } from '../../src/analyse/trial-view.ts'
import type { Analysis, JudgedTrial } from '../../src/model/analysis.ts'
import type { Result, Slices } from '../../src/model/result.ts'
import { baselineOf, type Load, type Scenario } from '../../src/model/scenario.ts'
import { MICROS, type Micros, type PerSecond, type Seconds } from '../../src/model/units.ts'

/** bench/tail/recorded.json: of real runs what their tails are made of, second by second, and little else. */
export interface Recording {
  readonly schema: 1
  readonly runs: readonly RecordedRun[]
}

/** One load of one run. */
export interface RecordedRun {
  readonly run: string
  readonly scenario: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly load: string
  readonly tool: string
  readonly protocol: string
  readonly rate: PerSecond | 'max'
  readonly connections: number
  /** Length of the window. */
  readonly seconds: Seconds
  readonly baseline: string
  readonly arms: readonly string[]
  readonly trials: readonly RecordedTrial[]
}

export interface RecordedTrial {
  readonly arm: string
  readonly cohort: number
  readonly block: number
  /** By the rules of the version that recorded it. */
  readonly valid: boolean
  /** Of all requests of the window; absent where the trial cannot tell it. */
  readonly quantiles: Readonly<Partial<Record<Quantile, Micros>>>
  readonly slices: Slices
}

/** By their names in the registry of metrics, so that what is withheld there is withheld here. */
export const RECORDED = ['p50', 'p99', 'service-p50', 'service-p99'] as const
export type Quantile = (typeof RECORDED)[number]

/** A run under each of its loads; none where its results are of before slices were kept. */
export function recordedRuns({ record: { run, details }, trials }: Analysis): RecordedRun[] {
  const { scenario } = run.plan
  const { machine, platform } = run.provenance
  return scenario.loads.flatMap((load) => {
    const recorded = trials.flatMap((trial) =>
      trial.result.trial.load === load.name
        ? recordedTrial({ ...trial, result: details(trial.result.trial.id) }, scenario, load)
        : [],
    )
    if (recorded.length === 0) return []
    return [
      {
        run: run.id,
        scenario: scenario.name,
        platform,
        cpu: machine.cpu,
        cores: machine.cores,
        load: load.name,
        tool: load.tool,
        protocol: load.protocol,
        rate: load.rate,
        connections: load.connections,
        seconds: load.duration,
        baseline: baselineOf(scenario).name,
        arms: scenario.arms.map(({ name }) => name),
        trials: recorded,
      },
    ]
  })
}

function recordedTrial({ result, status }: JudgedTrial<Result>, scenario: Scenario, load: Load): RecordedTrial[] {
  const view = viewTrial(result, scenario)
  const slices = view?.reading.slices
  if (!view || !slices || view.load.name !== load.name) return []
  const { arm, cohort, block } = result.trial
  const quantiles = RECORDED.flatMap((name) => {
    const value = metrics.find(({ info }) => info.name === name)?.value(view)
    return value === undefined ? [] : [[name, Math.round(value * MICROS)] as const]
  })
  return [{ arm, cohort, block, valid: status === 'valid', quantiles: Object.fromEntries(quantiles), slices }]
}
