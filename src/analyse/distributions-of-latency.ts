import { type LatencyHistogram, latencyHistogram } from '../loads/histogram.ts'
import { decodeSlots } from '../loads/histogram-encoding.ts'
import { HIGHEST, rankOf, slotOf } from '../loads/slots.ts'
import { type Clock, type Distribution, SPECTRUM_QUANTILES, type TrialSpectrum } from '../model/analysis.ts'
import type { Scenario } from '../model/scenario.ts'
import { MICROS, type Seconds } from '../model/units.ts'
import { QUANTILE_KEYS, QUANTILES, samplesBeyond } from './quantiles.ts'
import type { QuantileKey } from './tail.ts'
import type { TrialView } from './trial-view.ts'

const CLOCKS: readonly Clock[] = ['response', 'service']

/** Everything that comes from histograms. Each is decoded only once, since decoding takes most of the time. */
export interface Latencies {
  /** Merged histograms of all valid trials of an arm under a load, for charts and not for inference. */
  readonly distributions: readonly Distribution[]
  /** Spectra of every valid trial and clock, in the order of their distributions. */
  readonly spectra: readonly TrialSpectrum[]
}

/** Decodes the histograms of valid trials, in the scenario's order. */
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

/** How many of `SPECTRUM_QUANTILES` a trial has: all below the lowest withheld one. */
function toldOf(withheld: ReadonlySet<QuantileKey>): number {
  const lowest = QUANTILES.findIndex((quantile) => withheld.has(QUANTILE_KEYS[quantile]))
  if (lowest === -1) return SPECTRUM_QUANTILES.length
  const highest = QUANTILES[lowest - 1] ?? 0
  return SPECTRUM_QUANTILES.filter((quantile) => quantile <= highest).length
}

/** The distributions of one arm under one load. */
function merged(read: SpectrumReader, clock: Clock, views: readonly TrialView[] = []): Part | undefined {
  const all = latencyHistogram()
  const spectra = views.flatMap(({ reading, withheld, trial: { id, arm, load } }): TrialSpectrum[] => {
    const text = reading.latency[clock]
    if (text === undefined) return []
    const latencies = read(text, all)
    return [{ trial: id, arm, load, clock, latencies: latencies.slice(0, toldOf(withheld)) }]
  })
  const [first] = spectra
  if (!first) return undefined
  const { arm, load } = first
  return { distribution: { arm, load, clock, requests: all.count, spectrum: all.spectrum() }, spectra }
}

/** Adds an encoded histogram to a merged one, and returns its latencies at `SPECTRUM_QUANTILES`. */
type SpectrumReader = (text: string, merged: Pick<LatencyHistogram, 'record'>) => Seconds[]

const SLOTS = slotOf(HIGHEST) + 1

/**
 * Decodes one trial after the other. It gives quantiles with at least one sample beyond them, by nearest rank as in
 * `LatencyHistogram.quantile`. All trials share two arrays instead of a histogram each: a run has thousands of trials, and
 * decoding them a second time would take as long as the rest of the report.
 */
export function spectrumReader(): SpectrumReader {
  const micros = new Float64Array(SLOTS)
  const upTo = new Float64Array(SLOTS)
  return (text, { record }) => {
    let occupied = 0
    let samples = 0
    decodeSlots(text, (value, count) => {
      record(value, count)
      samples += count
      micros[occupied] = value
      upTo[occupied] = samples
      occupied += 1
    })
    let slot = 0
    return SPECTRUM_QUANTILES.filter((quantile) => samplesBeyond(quantile, samples) >= 1).map((quantile) => {
      const rank = rankOf(quantile, samples)
      while ((upTo[slot] as number) < rank) slot++
      return (micros[slot] as number) / MICROS
    })
  }
}
