import { build } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { decodeHistogram, latencyHistogram } from '../../src/loads/histogram.ts'
import { latencySummarySchema } from '../../src/model/result.ts'
import { summarise } from '../../src/stats/quantile-intervals.ts'
import { random } from '../../src/stats/random.ts'

test('a summary says what its histogram says, also after a round trip through the file', () => {
  const draw = random(5)
  const histogram = latencyHistogram()
  for (let request = 0; request < 20_000; request++) histogram.record(800 * Math.exp(draw.normal()))
  const summary = summarise(histogram)
  const { min, max, ...decoded } = summarise(decodeHistogram(histogram.encode()))
  expect(summary).toMatchObject(decoded)
  // The extremes are exact here, and known to three digits in the file.
  expect(Math.abs(min / summary.min - 1)).toBeLessThan(2e-3)
  expect(Math.abs(max / summary.max - 1)).toBeLessThan(2e-3)
})

test('an empty histogram has a summary that JSON can hold', () => {
  const summary = summarise(latencyHistogram())
  expect(latencySummarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary)
  expect(summary).toMatchObject({ count: 0, p50: 0, max: 0 })
})

test('the histogram library agrees with its own published example: 25, 50, 75 (HdrHistogramJS)', () => {
  const histogram = build()
  for (const value of [25, 50, 75]) histogram.recordValue(value)
  expect(histogram.mean).toBe(50)
  expect(histogram.stdDeviation).toBeCloseTo(Math.sqrt(1250 / 3), 9)
  expect([50, 75, 100].map((percentile) => histogram.getValueAtPercentile(percentile))).toEqual([50, 75, 75])
})

test('our histogram reads the percentile table that HdrHistogramJS publishes for 25, 50, 75', () => {
  const histogram = latencyHistogram()
  for (const value of [25, 50, 75]) histogram.record(value)
  // Value by percentile, as in src/Histogram.spec.ts.
  const table = [
    [25, [0, 0.1, 0.2, 0.3]],
    [50, [0.4, 0.5, 0.55, 0.6, 0.65]],
    [75, [0.7, 1]],
  ] as const
  for (const [value, percentiles] of table) {
    for (const percentile of percentiles) expect(histogram.quantile(percentile)).toBeCloseTo(value / 1e6, 12)
  }
  expect(histogram.mean).toBeCloseTo(50e-6, 12)
})
