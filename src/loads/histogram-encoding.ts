import { deflateSync, inflateSync } from 'node:zlib'
import { Failure } from '../model/failure.ts'
import type { Micros } from '../model/units.ts'
import { HIGHEST, lowestIn, slotOf, widthOf } from './slots.ts'

type Recorder = (micros: Micros, count: number) => void

/** As all ports write it; the bits of the word size left out. */
const COMPRESSED = 0x1c849304
const PLAIN = 0x1c849303
const WORD = 0xf0
/** The word size of what is written: ZigZag LEB128. */
const ZIGZAG = 0x10

/** Bytes before the counts: cookie, length, offset, digits (32 bits each), lowest, highest, ratio (64 bits each). */
const HEADER = 40
const DIGITS = 3
const LOWEST = 1n

/** Slots up to `HIGHEST`, each with a count of at most 9 bytes: more than that is no histogram of ours, however small it is when compressed. */
export const SLOTS = slotOf(HIGHEST) + 1
const MOST_BYTES_OF_COUNT = 9
const MOST_BYTES = HEADER + MOST_BYTES_OF_COUNT * SLOTS

/** HdrHistogram V2, compressed, base64. `visit` gives every occupied slot by a value that lies in it. */
export function encodeSlots(visit: (each: Recorder) => void): string {
  const counts = new Float64Array(SLOTS)
  let last = 0
  visit((micros, count) => {
    const slot = slotOf(micros)
    counts[slot] = (counts[slot] as number) + count
    last = Math.max(last, slot)
  })
  const body = deflateSync(plainOf(counts.subarray(0, last + 1)))
  const head = Buffer.alloc(8)
  head.writeInt32BE(COMPRESSED | ZIGZAG, 0)
  head.writeInt32BE(body.length, 4)
  return Buffer.concat([head, body]).toString('base64')
}

/** What is compressed of counts from slot 0 on: a count as it is, and in place of empty slots that follow each other their negative number. */
function plainOf(counts: Float64Array): Buffer {
  const plain = Buffer.alloc(HEADER + MOST_BYTES_OF_COUNT * counts.length)
  let at = HEADER
  for (let slot = 0; slot < counts.length; ) {
    const count = counts[slot] as number
    const from = slot++
    while (count === 0 && counts[slot] === 0) slot++
    const empty = slot - from
    at = putNumber(plain, at, empty > 1 ? 2 * empty - 1 : 2 * count)
  }
  plain.writeInt32BE(PLAIN | ZIGZAG, 0)
  plain.writeInt32BE(at - HEADER, 4)
  plain.writeInt32BE(DIGITS, 12)
  plain.writeBigInt64BE(LOWEST, 16)
  plain.writeBigInt64BE(BigInt(endOfDoubling(counts.length - 1)), 24)
  plain.writeDoubleBE(1, 32)
  return plain.subarray(0, at)
}

/** The largest value of the doubling that a slot belongs to: a port that reads the header then has room for all counts. */
function endOfDoubling(slot: number): Micros {
  const last = Math.max(slot | 1023, 2047)
  return lowestIn(last) + widthOf(last) - 1
}

/** LEB128: seven bits a byte, the lowest first. Returns where the next number goes. */
function putNumber(plain: Buffer, from: number, number: number): number {
  let at = from
  let rest = number
  for (; rest >= 128; rest = Math.floor(rest / 128)) plain[at++] = (rest % 128) | 128
  plain[at++] = rest
  return at
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
  if (digits !== DIGITS || lowest !== LOWEST) {
    throw unreadable(`it has ${digits} digits from ${lowest}, not ${DIGITS} from ${LOWEST}`)
  }
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
