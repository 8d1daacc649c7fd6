import { latencyHistogram } from '../loads/histogram.ts'
import type { Clock, Distribution, TrialSpectrum } from '../model/analysis.ts'
import type { Scenario } from '../model/scenario.ts'
import { type SpectrumReader, spectrumReader } from './spectrum-reader.ts'
import type { TrialView } from './trial-view.ts'

const CLOCKS: readonly Clock[] = ['response', 'service']

/** Everything that is read off histograms alone. Both come of decoding each of them once, which is what takes time. */
export interface Latencies {
  /** Histograms of all valid trials of an arm under a load, merged: for looking, never for inference. */
  readonly distributions: readonly Distribution[]
  /** Of every valid trial and clock, in the order of the distributions that they are part of. */
  readonly spectra: readonly TrialSpectrum[]
}

/** Of valid trials, in the scenario's order. */
export function latenciesOf(scenario: Scenario, valid: readonly TrialView[]): Latencies {
  const read = spectrumReader()
  const byLoad = Map.groupBy(valid, ({ load }) => load.name)
  const parts = scenario.loads.flatMap((load) => {
    const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm.name)
    return scenario.arms.flatMap(({ name }) => CLOCKS.flatMap((clock) => merged(read, clock, byArm.get(name)) ?? []))
  })
  return {
    distributions: parts.map(({ distribution }) => distribution),
    spectra: parts.flatMap(({ spectra }) => spectra),
  }
}

interface Part {
  readonly distribution: Distribution
  readonly spectra: readonly TrialSpectrum[]
}

/** Of one arm under one load. */
function merged(read: SpectrumReader, clock: Clock, views: readonly TrialView[] = []): Part | undefined {
  const all = latencyHistogram()
  const spectra = views.flatMap(({ reading, trial: { id, arm, load } }): TrialSpectrum[] => {
    const text = reading.latency[clock]
    return text === undefined ? [] : [{ trial: id, arm, load, clock, latencies: read(text, all) }]
  })
  const [first] = spectra
  if (!first) return undefined
  const { arm, load } = first
  return { distribution: { arm, load, clock, requests: all.count, spectrum: all.spectrum() }, spectra }
}
