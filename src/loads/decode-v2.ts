import { inflateSync } from 'node:zlib'

/** As hdr-histogram-js and all other ports write it; the bits of the word size left out. */
const COMPRESSED = 0x1c849304
const PLAIN = 0x1c849303
const WORD = 0xf0

/** Bytes before the counts: cookie, length, offset, digits (32 bits each), lowest, highest, ratio (64 bits each). */
const HEADER = 40

/** The encoded slots of a histogram with three digits from 1. */
export interface Encoded {
  /** Calls back for every occupied slot, in ascending order. */
  visit(each: (slot: number, count: number) => void): void
}

/**
 * Reads HdrHistogram V2 without making a histogram of it, which is several times faster: pictures merge tens of thousands.
 * Undefined for what is not exactly as expected, so that the library can say what is wrong with it.
 */
export function decodeV2(text: string): Encoded | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < 8 || (bytes.readInt32BE(0) & ~WORD) !== COMPRESSED) return undefined
  if (bytes.length !== 8 + bytes.readInt32BE(4)) return undefined
  const plain = inflated(bytes.subarray(8))
  if (!plain || plain.length < HEADER || (plain.readInt32BE(0) & ~WORD) !== PLAIN) return undefined
  const isOurs = plain.readInt32BE(12) === 3 && plain.readBigInt64BE(16) === 1n && plain.readInt32BE(8) === 0
  if (!isOurs || plain.length !== HEADER + plain.readInt32BE(4)) return undefined
  return { visit: (each) => visitCounts(plain, each) }
}

function inflated(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes)
  } catch {
    return undefined
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
      if (value > 0) each(slot, value / 2)
      slot += 1
    }
  }
}
