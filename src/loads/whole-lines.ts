const NEWLINE = 10

/** The same bytes in blocks that end where a line ends, so that a scanner never meets half a line. */
export async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0)
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      rest = joined(rest, chunk)
      continue
    }
    const begin = rest.length === 0 ? 0 : chunk.indexOf(NEWLINE) + 1
    if (begin > 0) yield joined(rest, chunk.subarray(0, begin))
    if (begin < end) yield chunk.subarray(begin, end)
    rest = chunk.slice(end)
  }
  if (rest.length > 0) yield rest
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(head.length + tail.length)
  both.set(head)
  both.set(tail, head.length)
  return both
}
