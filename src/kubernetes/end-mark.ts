/** Finds the end of a stream that is marked by a token, the exit code and a line feed, wherever chunks are cut. */
export interface EndMark {
  /** What can be passed on, and the exit code once the mark has been seen. */
  take(chunk: Uint8Array): { readonly rest: Buffer; readonly exitCode?: number }
}

/** An exit code has three digits at most. */
const ROOM = 4

export function endMark(token: string): EndMark {
  const length = Buffer.byteLength(token) + ROOM
  let held: Buffer = Buffer.alloc(0)
  return {
    take: (chunk) => {
      const all = Buffer.concat([held, chunk])
      const from = Math.max(0, all.length - length)
      const at = all.indexOf(token, from)
      const code = at < 0 ? null : /^(\d{1,3})\n$/.exec(all.toString('latin1', at + Buffer.byteLength(token)))
      if (code) return { rest: all.subarray(0, at), exitCode: Number(code[1]) }
      held = all.subarray(from)
      return { rest: all.subarray(0, from) }
    },
  }
}
