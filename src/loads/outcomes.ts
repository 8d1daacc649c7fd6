/** What requests came to: one object per kind, which whoever reads counts up. */
export interface Outcome {
  readonly ok: boolean
  readonly code: string
  count: number
}

export interface Outcomes {
  readonly all: readonly Outcome[]
  /** By its name as bytes; free of charge while the same one comes again. */
  of(ok: boolean, bytes: Uint8Array, from: number, to: number): Outcome
  named(ok: boolean, details: string): Outcome
}

export function outcomeRegistry(): Outcomes {
  const known = new Map<string, Outcome>()
  let last: Outcome = { ok: true, code: '', count: 0 }
  let name = new Uint8Array(1)

  const named = (ok: boolean, details: string): Outcome => {
    const code = codeOf(ok, details)
    const key = `${ok} ${code}`
    const found = known.get(key) ?? { ok, code, count: 0 }
    known.set(key, found)
    return found
  }
  return {
    get all() {
      return [...known.values()]
    },
    of(ok, bytes, from, to) {
      if (ok === last.ok && isSame(bytes, from, to, name)) return last
      name = bytes.slice(from, to)
      last = named(ok, new TextDecoder().decode(name))
      return last
    },
    named,
  }
}

function isSame(bytes: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false
  for (let index = 0; index < name.length; index++) if (bytes[from + index] !== name[index]) return false
  return true
}

/** The code of an HTTP answer as it is; of an error's text the part that does not change with addresses and ports. */
function codeOf(ok: boolean, details: string): string {
  if (ok) return details
  return /\bcode = (\w+)/.exec(details)?.[1] ?? details.split(': ').at(-1) ?? details
}
