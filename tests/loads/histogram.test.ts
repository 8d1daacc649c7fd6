import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { describe, expect, it } from 'vitest'
import { decodeHistogram, latencyHistogram, mergeHistograms } from '../../src/loads/histogram.ts'
import { HIGHEST, lowestIn, slotOf, widthOf } from '../../src/loads/slots.ts'
import { Failure } from '../../src/model/failure.ts'
import { random } from '../../src/stats/random.ts'

const micros = fc.integer({ min: 0, max: HIGHEST })
const samples = fc.array(micros, { minLength: 1, maxLength: 200 })

function histogramOf(values: Iterable<number>) {
  const histogram = latencyHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

/** The sample of the nearest rank. */
const nearest = (sorted: readonly number[], q: number) =>
  sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] ?? 0

describe('slots', () => {
  it('are those of hdr-histogram-js', () => {
    const reference = build({ bitBucketSize: 32, highestTrackableValue: HIGHEST }) as never as {
      countsArrayIndex(value: number): number
    }
    fc.assert(fc.property(micros, (value) => slotOf(value) === reference.countsArrayIndex(value)))
  })

  it('hold a value that is at most a thousandth below their top', () => {
    fc.assert(
      fc.property(micros, (value) => {
        const slot = slotOf(value)
        expect(value).toBeGreaterThanOrEqual(lowestIn(slot))
        expect(value).toBeLessThan(lowestIn(slot) + widthOf(slot))
        expect(widthOf(slot) - 1).toBeLessThanOrEqual(lowestIn(slot) / 1000)
      }),
    )
  })
})

describe('latencyHistogram', () => {
  it('gives the nearest rank, at most 0.1 % above the truth and never above the maximum', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const sorted = values.toSorted((a, b) => a - b)
        const truth = nearest(sorted, q)
        const read = histogramOf(values).quantile(q) * 1e6
        expect(read).toBeGreaterThanOrEqual(truth - 1e-6)
        expect(read).toBeLessThanOrEqual(Math.min(truth * 1.001 + 1e-6, (sorted.at(-1) ?? 0) + 1e-6))
      }),
    )
  })

  it('does not take the error of the last digit for another rank', () => {
    const histogram = histogramOf(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(histogram.quantile(0.07)).toBe(7e-6)
    expect(histogram.quantile(0.99)).toBe(99e-6)
    expect(histogram.quantile(1)).toBe(100e-6)
    expect(histogram.quantile(0)).toBe(1e-6)
  })

  it('refuses what is no latency', () => {
    const histogram = latencyHistogram()
    for (const wrong of [Number.NaN, -1, undefined as never]) expect(() => histogram.record(wrong)).toThrow(RangeError)
    expect(() => histogram.record(1, 0)).toThrow(RangeError)
    expect(histogram.count).toBe(0)
  })

  it('rounds to whole microseconds', () => {
    expect(histogramOf([10.4]).max).toBe(10e-6)
    expect(histogramOf([10.5]).max).toBe(11e-6)
  })

  it('counts what is above one hour as one hour', () => {
    const histogram = histogramOf([5, HIGHEST, HIGHEST + 1, 1e12])
    expect(histogram).toMatchObject({ count: 4, overflow: 2, max: 3600 })
    expect(mergeHistograms([histogram, histogram]).overflow).toBe(4)
  })

  it('reads NaN where it is empty, and has an empty spectrum', () => {
    const { mean, min, max, quantile, spectrum } = latencyHistogram()
    expect([mean, min, max, quantile(0.5)]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    expect(spectrum()).toEqual([])
    expect(decodeHistogram(latencyHistogram().encode()).count).toBe(0)
  })

  it('holds more samples than 32 bits count', () => {
    const histogram = latencyHistogram()
    histogram.record(1000, 5e9)
    histogram.record(9000, 1)
    const again = decodeHistogram(histogram.encode())
    expect(again.count).toBe(5e9 + 1)
    expect(again.quantile(0.5)).toBeCloseTo(1e-3, 9)
  })

  it('has a mean within 0.05 % and exact extremes', () => {
    const stream = random(1, 'mean')
    const values = Array.from({ length: 5000 }, () => Math.round(400 * Math.exp(stream.normal())))
    const histogram = histogramOf(values)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(histogram.mean * 1e6 - mean) / mean).toBeLessThan(5e-4)
    expect([histogram.min, histogram.max]).toEqual([Math.min(...values) / 1e6, Math.max(...values) / 1e6])
  })

  it('merges to what all samples together would be', () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const merged = mergeHistograms([histogramOf(a), histogramOf(b)])
        const whole = histogramOf([...a, ...b])
        expect(merged.encode()).toBe(whole.encode())
        expect([merged.count, merged.min, merged.max]).toEqual([whole.count, whole.min, whole.max])
      }),
    )
  })

  it('has an interval of a quantile that holds the truth about 95 times in 100', () => {
    const stream = random(7, 'interval')
    const rounds = 400
    let held = 0
    for (let round = 0; round < rounds; round++) {
      const histogram = latencyHistogram()
      for (let sample = 0; sample < 500; sample++) histogram.record(1e6 * stream.uniform())
      const [low, high] = histogram.quantileInterval(0.9)
      if (low <= 0.9 && high >= 0.9) held++
    }
    expect(held / rounds).toBeGreaterThan(0.92)
    expect(held / rounds).toBeLessThan(0.99)
  })

  it('has a spectrum with rising quantiles up to the last with a sample above it', () => {
    for (const count of [2, 10, 1000, 123_456]) {
      const histogram = latencyHistogram()
      for (let sample = 1; sample <= count; sample++) histogram.record(sample)
      const spectrum = histogram.spectrum()
      expect(spectrum.length).toBeLessThanOrEqual(300)
      for (const [index, { quantile, latency }] of spectrum.entries()) {
        expect(quantile).toBeGreaterThan(spectrum[index - 1]?.quantile ?? -1)
        expect(latency).toBe(histogram.quantile(quantile))
        expect(Math.ceil(quantile * count - 1e-6)).toBeLessThan(count)
      }
      const last = spectrum.at(-1)?.quantile ?? 0
      expect((1 - last) * count).toBeLessThan(2.2)
    }
  })

  it('has the quantiles that are asked for by name among the points of its spectrum', () => {
    const histogram = latencyHistogram()
    for (let sample = 1; sample <= 20_000; sample++) histogram.record(sample)
    const quantiles = histogram.spectrum().map(({ quantile }) => quantile)
    expect(quantiles).toEqual(expect.arrayContaining([0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999]))
  })
})

describe('encode', () => {
  it('writes the header that other ports expect: no rotation, ratio 1', () => {
    const bytes = Buffer.from(histogramOf([1, 300, 4000]).encode(), 'base64')
    expect(bytes.readUInt32BE(0)).toBe(0x1c849314)
    expect(bytes.readUInt32BE(4)).toBe(bytes.length - 8)
    const plain = inflateSync(bytes.subarray(8))
    expect(plain.readUInt32BE(0)).toBe(0x1c849313)
    expect(plain.readUInt32BE(4)).toBe(plain.length - 40)
    expect(plain.readInt32BE(8)).toBe(0)
    expect(plain.readInt32BE(12)).toBe(3)
    expect(plain.readBigInt64BE(16)).toBe(1n)
    expect(plain.readDoubleBE(32)).toBe(1)
  })

  it('has the counts that hdr-histogram-js writes, byte by byte', () => {
    const many = fc.array(fc.tuple(micros, fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 60 })
    const plainOf = (text: string) => inflateSync(Buffer.from(text, 'base64').subarray(8))
    fc.assert(
      fc.property(many, (values) => {
        const theirs = build({ bitBucketSize: 64, autoResize: true, highestTrackableValue: 2 })
        const ours = latencyHistogram()
        for (const [value, times] of values) {
          theirs.recordValueWithCount(value, times)
          ours.record(value, times)
        }
        const [plain, reference] = [plainOf(ours.encode()), plainOf(encodeIntoCompressedBase64(theirs))]
        expect(plain.subarray(40).equals(reference.subarray(40))).toBe(true)
        // Theirs says 2 where no value is above 2047, though it counts them.
        const highest = plain.readBigInt64BE(24)
        expect(highest === 2047n ? 2n : highest).toBe(reference.readBigInt64BE(24))
      }),
    )
  })

  it('is read by hdr-histogram-js, slot by slot', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const ours = histogramOf(values)
        const theirs = decodeFromCompressedBase64(ours.encode(), 64)
        expect(theirs.totalCount).toBe(values.length)
        for (const q of [0.5, 0.9, 0.99]) {
          const read = ours.quantile(q) * 1e6
          expect(theirs.getValueAtPercentile(q * 100)).toBeGreaterThanOrEqual(read - 1e-6)
          expect(theirs.getValueAtPercentile(q * 100)).toBeLessThanOrEqual(read * 1.001 + 1e-6)
        }
      }),
    )
  })

  it('comes back with equal counts, and a maximum that is at most 0.1 % higher', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const before = histogramOf(values)
        const after = decodeHistogram(before.encode())
        expect(after.count).toBe(before.count)
        expect(after.overflow).toBe(0)
        expect(after.max).toBeGreaterThanOrEqual(before.max)
        expect(after.max).toBeLessThanOrEqual(before.max * 1.001)
        expect(decodeHistogram(after.encode()).encode()).toBe(after.encode())
      }),
    )
  })

  it.each([
    ['no base64 of a histogram', 'hello'],
    ['nothing', ''],
    ['cut short', histogramOf([1, 2, 3000]).encode().slice(0, 40)],
    ['of another precision', encodeIntoCompressedBase64(build({ numberOfSignificantValueDigits: 2 }))],
  ])('is refused when it is %s', (_, text) => {
    expect(() => decodeHistogram(text)).toThrow(Failure)
  })
})
