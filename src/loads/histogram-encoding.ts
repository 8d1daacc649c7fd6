import { deflateSync, inflateSync } from 'node:zlib'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { Failure } from '../model/failure.ts'
import type { Micros } from '../model/units.ts'
import { HIGHEST, lowestIn, slotOf, widthOf } from './slots.ts'

type Recorder = (micros: Micros, count: number) => void

/** HdrHistogram V2, compressed, base64. `visit` gives every occupied slot by a value that lies in it. */
export function encodeSlots(visit: (each: Recorder) => void): string {
  const histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
  })
  visit((micros, count) => histogram.recordValueWithCount(micros, count))
  return interoperable(encodeIntoCompressedBase64(histogram))
}

/**
 * hdr-histogram-js 3.0.1 writes 1 where the format has the offset of a rotated array (0: not rotated), and the bits of
 * 4.9e-324 where it has the ratio of integers to values (1). The Rust port then refuses to read, and the C port reads
 * every slot one too high. Twelve bytes put both right.
 */
function interoperable(text: string): string {
  const bytes = Buffer.from(text, 'base64')
  const plain = inflateSync(bytes.subarray(8))
  plain.writeInt32BE(0, 8)
  plain.writeDoubleBE(1, 32)
  const body = deflateSync(plain)
  const head = Buffer.from(bytes.subarray(0, 8))
  head.writeInt32BE(body.length, 4)
  return Buffer.concat([head, body]).toString('base64')
}

/** Records what is encoded, slot by slot, by the largest value of each: no figure is then below the truth. */
export function decodeSlots(text: string, record: Recorder): void {
  encodedSlots(text).visit((slot, count) => record(highestIn(slot), count))
}

/** Largest value of a slot. */
export function highestIn(slot: number): Micros {
  return Math.min(lowestIn(slot) + widthOf(slot) - 1, HIGHEST)
}

function unreadable(cause: unknown): Failure {
  return new Failure('histogram', 'a latency histogram could not be read', {
    cause,
    remedy: 'The file was changed or cut short after it was written: restore it, or measure this trial again.',
  })
}

/** As hdr-histogram-js and all other ports write it; the bits of the word size left out. */
const COMPRESSED = 0x1c849304
const PLAIN = 0x1c849303
const WORD = 0xf0

/** Bytes before the counts: cookie, length, offset, digits (32 bits each), lowest, highest, ratio (64 bits each). */
const HEADER = 40

/** Slots up to `HIGHEST`, each with a count of at most 9 bytes: more than that is no histogram of ours, however small it is when compressed. */
export const SLOTS = slotOf(HIGHEST) + 1
const MOST_BYTES = HEADER + 9 * SLOTS

/** The encoded slots of a histogram with three digits from 1. */
interface Encoded {
  /** Calls back for every occupied slot, in ascending order. */
  visit(each: (slot: number, count: number) => void): void
}

/**
 * Reads HdrHistogram V2 without making a histogram of it, which is several times faster: pictures merge tens of thousands.
 * Its size is bounded, so a foreign file can take neither time nor memory. Throws a Failure for anything else.
 */
export function encodedSlots(text: string): Encoded {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < 8 || (bytes.readInt32BE(0) & ~WORD) !== COMPRESSED) throw unreadable('it is no HdrHistogram V2')
  if (bytes.length !== 8 + bytes.readInt32BE(4)) throw unreadable('its length is not the stated one')
  const plain = inflated(bytes.subarray(8))
  if (plain.length < HEADER || (plain.readInt32BE(0) & ~WORD) !== PLAIN) throw unreadable('it is no HdrHistogram V2')
  const [digits, lowest] = [plain.readInt32BE(12), plain.readBigInt64BE(16)]
  if (digits !== 3 || lowest !== 1n) throw unreadable(`it has ${digits} digits from ${lowest}, not 3 from 1`)
  if (plain.length !== HEADER + plain.readInt32BE(4)) throw unreadable('its counts are cut short')
  return { visit: (each) => visitCounts(plain, each) }
}

function inflated(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    throw unreadable(error)
  }
}

/** ZigZag LEB128: a positive number is a count, a negative one so many empty slots. */
function visitCounts(plain: Buffer, each: (slot: number, count: number) => void): void {
  let slot = 0
  for (let at = HEADER; at < plain.length; ) {
    let byte = plain[at++] as number
    let value = byte & 0x7f
    for (let weight = 128; byte >= 0x80 && at < plain.length; weight *= 128) {
      byte = plain[at++] as number
      value += (byte & 0x7f) * weight
    }
    if (value % 2 === 1) slot += (value + 1) / 2
    else {
      if (slot >= SLOTS) throw unreadable('it has latencies above one hour')
      if (value / 2 > Number.MAX_SAFE_INTEGER) throw unreadable('its counts are too large')
      if (value > 0) each(slot, value / 2)
      slot += 1
    }
  }
}
