import { Failure } from '../model/failure.ts'

const [COMMA, QUOTE, NEWLINE, DOT, ZERO] = [...new TextEncoder().encode(',"\n.0')] as [
  number,
  number,
  number,
  number,
  number,
]

/** Where the named columns stand. Throws a Failure where one is not there. */
export function columnsOf(header: string, names: readonly string[]): number[] {
  if (header.startsWith('\x1f')) {
    throw new Failure('load-output', 'the samples of k6 cannot be read as CSV', {
      cause: 'the file is compressed: it is gzip',
      fix: 'Give k6 a file name that does not end in .gz.',
    })
  }
  const columns = header.trim().split(',')
  const missing = names.filter((name) => !columns.includes(name))
  if (missing.length === 0 && columns[1] === 'timestamp' && columns[2] === 'metric_value') {
    return names.map((name) => columns.indexOf(name))
  }
  throw new Failure('load-output', 'the samples of k6 do not have the columns that are needed', {
    cause: `${missing.join(', ') || 'timestamp, metric_value'} is not in its header: ${header.slice(0, 200)}`,
    fix: 'See whether this k6 is one that meshbench knows: meshbench doctor.',
  })
}

/** Finds where each field of a line begins. The array is the same each time. */
export function fieldScanner(): (bytes: Uint8Array, from: number, to: number) => Int32Array {
  const starts = new Int32Array(64)
  return (bytes, from, to) => {
    starts.fill(to)
    starts[0] = from
    let isQuoted = false
    for (let at = from, column = 0; at < to; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) isQuoted = !isQuoted
      else if (byte === COMMA && !isQuoted) starts[++column] = at + 1
    }
    return starts
  }
}

/** A number without sign and exponent, up to the first byte that is no part of it. */
export function decimal(bytes: Uint8Array, from: number): number {
  let value = 0
  let scale = 0
  for (let at = from; at < bytes.length; at++) {
    const digit = (bytes[at] as number) - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      scale *= 10
    } else if (bytes[at] === DOT) scale = 1
    else break
  }
  return scale > 1 ? value / scale : value
}

/** Which of the words a line begins with, up to its first comma. */
export function wordTable(words: readonly string[]): (bytes: Uint8Array, from: number) => string | undefined {
  const table = words.map((word) => ({ word, bytes: new TextEncoder().encode(`${word},`) }))
  return (bytes, from) => table.find((entry) => matches(bytes, from, entry.bytes))?.word
}

/** Fields as text, each decoded once: for columns that have few values. */
export function textCache(): (bytes: Uint8Array, from: number) => string {
  const known: { text: string; bytes: Uint8Array }[] = []
  return (bytes, from) => {
    const found = known.find((entry) => matches(bytes, from, entry.bytes))
    if (found) return found.text
    let to = from
    while (to < bytes.length && bytes[to] !== COMMA && bytes[to] !== NEWLINE) to++
    const text = new TextDecoder().decode(bytes.subarray(from, to))
    known.push({ text, bytes: bytes.slice(from, to + 1) })
    return text
  }
}

function matches(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[from + index] !== expected[index]) return false
  return true
}
