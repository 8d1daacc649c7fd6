import { rankOf } from '../loads/cumulative.ts'
import type { LatencyHistogram } from '../loads/histogram.ts'
import { decodeSlots } from '../loads/histogram-encoding.ts'
import { HIGHEST, slotOf } from '../loads/slots.ts'
import { SPECTRUM_QUANTILES } from '../model/analysis.ts'
import { MICROS, type Seconds } from '../model/units.ts'
import { samplesBeyond } from './samples.ts'

/** Adds an encoded histogram to a merged one, and gives its own latencies at `SPECTRUM_QUANTILES`. */
export type SpectrumReader = (text: string, merged: Pick<LatencyHistogram, 'record'>) => Seconds[]

const SLOTS = slotOf(HIGHEST) + 1

/**
 * Reads trial after trial. As many latencies as have a sample beyond them; nearest ranks, as `LatencyHistogram.quantile`
 * reads them. There is no histogram of each trial, and all are read into the same two arrays: a run has thousands of
 * trials, and decoding them a second time would take as long as everything else that is drawn of them.
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
