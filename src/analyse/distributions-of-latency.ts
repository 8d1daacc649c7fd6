import { type LatencyHistogram, latencyHistogram } from '../loads/histogram.ts'
import { decodeSlots } from '../loads/histogram-encoding.ts'
import { HIGHEST, rankOf, slotOf } from '../loads/slots.ts'
import {
  type Analysis,
  type Clock,
  type Distribution,
  SPECTRUM_QUANTILES,
  type TrialSpectrum,
} from '../model/analysis.ts'
import type { Trial } from '../model/plan.ts'
import { QUANTILES, type QuantileKey, samplesBeyond } from '../model/quantiles.ts'
import type { Result } from '../model/result.ts'
import { MICROS, type Seconds } from '../model/units.ts'
import { withheldOf } from './tail.ts'

const CLOCKS: readonly Clock[] = ['response', 'service']

/**
 * Reads the histograms of valid trials, in the scenario's order: one trial after the other, since their texts are much of a
 * trial's file.
 */
export function latencyReader({ record, trials }: Pick<Analysis, 'record' | 'trials'>): Analysis['latencies'] {
  const { loads, arms } = record.run.plan.scenario
  return (drawn) => {
    const read = spectrumReader()
    const valid = trials.flatMap(({ result: { trial }, status }) => (status === 'valid' ? [trial] : []))
    const byLoad = Map.groupBy(valid, ({ load }) => load)
    const parts = loads.flatMap((load) => {
      const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm)
      return arms.flatMap(({ name }) => {
        const merged = CLOCKS.map((clock) => merging(clock, read, drawn))
        for (const { id } of byArm.get(name) ?? []) {
          const whole = record.details(id)
          for (const { add } of merged) add(whole)
        }
        return merged.flatMap(({ part }) => part() ?? [])
      })
    })
    return {
      distributions: parts.map(({ distribution }) => distribution),
      spectra: parts.flatMap(({ spectra }) => spectra),
    }
  }
}

interface Part {
  readonly distribution: Distribution
  readonly spectra: readonly TrialSpectrum[]
}

/** The distribution of one arm under one load by one clock, trial by trial. */
function merging(clock: Clock, read: SpectrumReader, drawn: ReadonlySet<string>) {
  const all = latencyHistogram()
  const spectra: TrialSpectrum[] = []
  let of: Pick<Trial, 'arm' | 'load'> | undefined
  return {
    add({ trial, outcome }: Result): void {
      const text = outcome.status === 'measured' ? outcome.reading.latency[clock] : undefined
      if (text === undefined || outcome.status === 'failed') return
      of = trial
      if (!drawn.has(trial.id)) {
        decodeSlots(text, all.record)
        return
      }
      const { id, arm, load } = trial
      const latencies = read(text, all).slice(0, toldOf(withheldOf(outcome.reading)))
      spectra.push({ trial: id, arm, load, clock, latencies })
    },
    /** Undefined where no trial has this clock. */
    part(): Part | undefined {
      if (!of) return undefined
      const { arm, load } = of
      return { distribution: { arm, load, clock, requests: all.count, spectrum: all.spectrum() }, spectra }
    },
  }
}

/** How many of `SPECTRUM_QUANTILES` a trial has: all below the lowest withheld one. */
function toldOf(withheld: ReadonlySet<QuantileKey>): number {
  const lowest = QUANTILES.findIndex(({ key }) => withheld.has(key))
  if (lowest === -1) return SPECTRUM_QUANTILES.length
  const highest = QUANTILES[lowest - 1]?.q ?? 0
  return SPECTRUM_QUANTILES.filter((quantile) => quantile <= highest).length
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
