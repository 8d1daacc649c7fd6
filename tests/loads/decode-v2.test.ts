import { deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { decodeFromCompressedBase64, type JsHistogram } from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import { encodedSlots } from '../../src/loads/histogram-encoding.ts'

const latencies = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_600_000_000 }), fc.integer({ min: 1, max: 2 ** 40 })), {
  maxLength: 60,
})

function encoded(samples: readonly (readonly [number, number])[]): string {
  const histogram = latencyHistogram()
  for (const [micros, times] of samples) histogram.record(micros, times)
  return histogram.encode()
}

describe('encodedSlots', () => {
  test('reads the counts that hdr-histogram-js reads', () => {
    fc.assert(
      fc.property(latencies, (samples) => {
        const text = encoded(samples)
        const theirs = decodeFromCompressedBase64(text, 64) as JsHistogram
        const expected = Array.from({ length: theirs.countsArrayLength }, (_, slot) => theirs.getCountAtIndex(slot))
        const ours = new Array<number>(theirs.countsArrayLength).fill(0)
        encodedSlots(text).visit((slot, count) => {
          ours[slot] = count
        })
        expect(ours).toEqual(expected)
      }),
    )
  })

  test.each([
    ['cut short', (text: string) => text.slice(0, -8)],
    ['of another kind', (text: string) => `AAAA${text.slice(4)}`],
    ['nothing', () => ''],
    ['a few bytes that inflate to gigabytes', () => packed(Buffer.alloc(64 << 20))],
    ['a skip beyond one hour', () => packed(withCounts([0xff, 0xff, 0xff, 0xff, 0x0f, 0x02]))],
    ['a count without end', () => packed(withCounts(Array.from({ length: 40 }, () => 0xfe)))],
  ])('refuses at once what is %s', (_, change) => {
    const text = change(encoded([[1000, 3]]))
    expect(() => encodedSlots(text).visit(() => undefined)).toThrow(/could not be read/)
  })
})

function packed(plain: Buffer): string {
  const body = deflateSync(plain)
  const head = Buffer.alloc(8)
  head.writeInt32BE(0x1c849314, 0)
  head.writeInt32BE(body.length, 4)
  return Buffer.concat([head, body]).toString('base64')
}

/** A histogram of ours with other counts. */
function withCounts(counts: readonly number[]): Buffer {
  const plain = inflateSync(Buffer.from(encoded([[1000, 3]]), 'base64').subarray(8))
  plain.writeInt32BE(counts.length, 4)
  return Buffer.concat([plain.subarray(0, 40), Buffer.from(counts)])
}
