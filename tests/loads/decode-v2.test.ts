import fc from 'fast-check'
import { decodeFromCompressedBase64, type JsHistogram } from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import { decodeV2 } from '../../src/loads/histogram-encoding.ts'

const latencies = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_600_000_000 }), fc.integer({ min: 1, max: 2 ** 40 })), {
  maxLength: 60,
})

function encoded(samples: readonly (readonly [number, number])[]): string {
  const histogram = latencyHistogram()
  for (const [micros, times] of samples) histogram.record(micros, times)
  return histogram.encode()
}

describe('decodeV2', () => {
  test('reads the counts that hdr-histogram-js reads', () => {
    fc.assert(
      fc.property(latencies, (samples) => {
        const text = encoded(samples)
        const theirs = decodeFromCompressedBase64(text, 64) as JsHistogram
        const expected = Array.from({ length: theirs.countsArrayLength }, (_, slot) => theirs.getCountAtIndex(slot))
        const ours = new Array<number>(theirs.countsArrayLength).fill(0)
        decodeV2(text)?.visit((slot, count) => {
          ours[slot] = count
        })
        expect(decodeV2(text)).toBeDefined()
        expect(ours).toEqual(expected)
      }),
    )
  })

  test('leaves to the library what is not as expected', () => {
    const text = encoded([[1000, 3]])
    expect(decodeV2(text.slice(0, -8))).toBeUndefined()
    expect(decodeV2(`AAAA${text.slice(4)}`)).toBeUndefined()
    expect(decodeV2('')).toBeUndefined()
  })
})
