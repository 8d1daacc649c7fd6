import { decodeHistogram } from '../loads/histogram.ts'
import { countOf } from '../loads/several/shares.ts'
import { meshes } from '../meshes/index.ts'
import type { OperationEffects } from '../model/analysis.ts'
import type { Mesh } from '../model/mesh.ts'
import type { Trial } from '../model/plan.ts'
import { QUANTILES, type QuantileKey } from '../model/quantiles.ts'
import type { HeldReading, LatencySummary, Reading, Result, StoredSummary } from '../model/result.ts'
import { type Arm, isOperated, type Load, loadAt, type Scenario } from '../model/scenario.ts'
import type { PlatformName } from '../model/traits.ts'
import { summarise } from '../stats/quantile-intervals.ts'
import { effectsOf } from './operations/operation-effects.ts'
import { withheldOf } from './tail.ts'

/** A measured trial with everything that its rules and the metrics need. */
export interface TrialView extends HeldView {
  readonly result: Result
  readonly reading: Reading
  readonly platform?: PlatformName
  readonly service: LatencySummary
  /** Absent in a closed loop, which has no intended send. */
  readonly response?: LatencySummary
  /** Withheld quantiles, which the load generator may have changed. */
  readonly withheld: ReadonlySet<QuantileKey>
  /** Latencies by the headline clock: response time in an open loop, service time in a closed one. */
  readonly headline: LatencySummary
  /** What an operation did to the trial; absent without one. */
  readonly effects?: OperationEffects
}

/** Whether a trial is of a load at one rate to which nothing is done meanwhile: no step of a search, and no operation. */
export function isSteady({ trial, load }: Pick<HeldView, 'trial' | 'load'>): boolean {
  return !trial.step && !isOperated(load)
}

/** What is left of a view for the comparison of trials. */
export interface HeldView {
  readonly trial: Trial
  readonly reading: HeldReading
  readonly arm: Arm
  readonly load: Load
  /** Absent where this version has no such mesh. */
  readonly mesh?: Mesh
  readonly headline: Pick<LatencySummary, 'p50'>
}

/** The view of a result; undefined where it failed, or where the scenario lacks its arm or load. */
export function viewTrial(result: Result, scenario: Scenario): TrialView | undefined {
  const { trial, outcome } = result
  const arm = scenario.arms.find(({ name }) => name === trial.arm)
  const planned = scenario.loads.find(({ name }) => name === trial.load)
  if (outcome.status === 'failed' || !arm || !planned) return undefined
  const load = loadAt(planned, trial)
  const { reading } = outcome
  const mesh = meshes[arm.mesh]
  const clocks = summaries(reading)
  const effects = effectsOf(reading)
  return {
    result,
    trial,
    reading,
    arm,
    load,
    ...(mesh && { mesh }),
    ...(scenario.platform && { platform: scenario.platform }),
    ...clocks,
    withheld: withheldOf(reading),
    headline: clocks.response ?? clocks.service,
    ...(effects && { effects }),
  }
}

/** The view of each of several load generators: its own requests, clocks and figures, and its share of the load. */
export function viewsOfGenerators(view: TrialView): { readonly name: string; readonly view: TrialView }[] {
  const { reading, load } = view
  const { generators, script } = reading
  return (generators?.each ?? []).map(({ name, node: _, clock: __, summary, script: own, ...of }, index, all) => {
    const service = summary.service as LatencySummary
    const response = summary.response as LatencySummary | undefined
    const rate = load.rate === 'max' ? load.rate : load.rate * (of.planned / reading.planned)
    return {
      name,
      view: {
        ...view,
        // CPU is counted by pods of all generators together.
        reading: {
          ...{ ...reading, ...of },
          ...(script && own && { script: { ...script, ...own } }),
          observation: { ...reading.observation, usage: [] },
        },
        load: { ...load, rate, connections: countOf(load.connections, { index, of: all.length }) },
        service,
        ...(response && { response }),
        headline: response ?? service,
      },
    }
  })
}

function summaries({ latency }: Reading): { service: LatencySummary; response?: LatencySummary } {
  const { service, response } = latency.summary ?? {}
  return {
    service: complete(service, latency.service),
    ...(latency.response !== undefined && { response: complete(response, latency.response) }),
  }
}

/** The stored figures, with those of the histogram that the trial is older than. */
function complete(stored: StoredSummary | undefined, histogram: string): LatencySummary {
  const isComplete = stored !== undefined && QUANTILES.every(({ key }) => stored[key] !== undefined)
  return (isComplete ? stored : { ...summarise(decodeHistogram(histogram)), ...stored }) as LatencySummary
}
