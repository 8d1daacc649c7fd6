import { expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { spectrumReader } from '../../src/analyse/distributions-of-latency.ts'
import { decodeHistogram, latencyHistogram, mergeHistograms } from '../../src/loads/histogram.ts'
import { type Analysis, type Clock, SPECTRUM_QUANTILES } from '../../src/model/analysis.ts'
import type { Trial } from '../../src/model/plan.ts'
import { readingOf } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, none, scenarioOf, sidecar } from '../build/scenario.ts'

const of = ({ arm, block }: Trial) => ({ latency: (arm === sidecar.name ? 1.5 : 1) * (1 + 0.01 * block) })

const wholes = ({ record: { results, details } }: Analysis) => results.map(({ trial }) => details(trial.id))

test('a spectrum has the quantiles of the trial’s own histogram, on both clocks', () => {
  const analysis = analyse(recordOf(scenarioOf({ blocks: 2 }), of))
  const texts = new Map(
    wholes(analysis).map(({ trial, outcome }) => [trial.id, outcome.status === 'measured' && outcome.reading.latency]),
  )
  expect(analysis.spectra).toHaveLength(2 * analysis.trials.length)
  for (const { trial, clock, latencies } of analysis.spectra) {
    const latency = texts.get(trial)
    const histogram = decodeHistogram((latency || undefined)?.[clock] ?? '')
    expect(latencies).toEqual(SPECTRUM_QUANTILES.map((quantile) => histogram.quantile(quantile)))
  }
})

test('merged and single histograms come of one reading, and are the same as of two', () => {
  const analysis = analyse(recordOf(scenarioOf(), of))
  const clocks: Clock[] = ['response', 'service']
  for (const clock of clocks) {
    const texts = wholes(analysis).flatMap(({ trial, outcome }) =>
      outcome.status === 'measured' && trial.arm === sidecar.name ? (outcome.reading.latency[clock] ?? []) : [],
    )
    const found = analysis.distributions.find((one) => one.arm === sidecar.name && one.clock === clock)
    expect(found?.spectrum).toEqual(mergeHistograms(texts.map(decodeHistogram)).spectrum())
  }
  expect(analysis.spectra).toBe(analysis.spectra)
})

test.each([
  [120_000, 21],
  // 4 beyond p99.95, none beyond p99.99.
  [8000, 20],
  // Just one beyond p99, and half of one beyond p99.5.
  [100, 14],
  [99, 13],
  [2, 1],
  [1, 0],
  [0, 0],
])('a spectrum ends where no sample lies beyond: of %d samples it has %d points', (samples, length) => {
  const [one, merged] = [latencyHistogram(), latencyHistogram()]
  for (let micros = 1; micros <= samples; micros++) one.record(micros)
  const latencies = spectrumReader()(one.encode(), merged)
  expect(latencies).toHaveLength(length)
  expect(latencies).toEqual(SPECTRUM_QUANTILES.slice(0, length).map((quantile) => one.quantile(quantile)))
  expect(merged.count).toBe(samples)
})

test('it ends below what is withheld', () => {
  const bounds = { p50: { lo: 1, hi: 1 }, p90: { lo: 1, hi: 1.05 }, p99: { lo: 1, hi: 1.2 }, p999: { lo: 1 } }
  const usual = readingOf()
  const { summary } = usual.latency
  if (!summary) throw new Error('the fixture has a summary')
  const latency = { ...usual.latency, summary: { ...summary, bounds } }
  const { spectra } = analyse(recordOf(scenarioOf({ arms: [none] }), () => ({ reading: { latency } })))
  expect(new Set(spectra.map(({ latencies }) => SPECTRUM_QUANTILES[latencies.length - 1]))).toEqual(new Set([0.9]))
})

test('a reader forgets the trial before', () => {
  const [many, few] = [latencyHistogram(), latencyHistogram()]
  for (let micros = 1; micros <= 5000; micros++) many.record(micros)
  few.record(7, 10)
  const read = spectrumReader()
  read(many.encode(), latencyHistogram())
  expect(read(few.encode(), latencyHistogram())).toEqual(Array(7).fill(7e-6))
})

test('a closed loop has the service clock only, and an invalid trial no spectrum', () => {
  const closed = analyse(
    recordOf(scenarioOf({ loads: [{ ...http, rate: 'max' }] }), (trial) => (trial.block === 1 ? 'failed' : of(trial))),
  )
  expect(new Set(closed.spectra.map(({ clock }) => clock))).toEqual(new Set(['service']))
  expect(closed.spectra).toHaveLength(closed.trials.filter(({ status }) => status === 'valid').length)
})

test('is data: JSON holds it', () => {
  const analysis = analyse(recordOf(scenarioOf({ blocks: 2 }), of))
  expect(JSON.parse(JSON.stringify(analysis)).spectra).toEqual(analysis.spectra)
})
