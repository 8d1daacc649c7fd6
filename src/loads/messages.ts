import { Failure } from '../model/failure.ts'
import { withoutTerminalCodes } from '../model/foreign-text.ts'
import type { Execution } from '../model/platform.ts'

const MOST = 20
const LONGEST = 200

/** Warnings for a reader: each once, whatever its numbers, with how often it came; the most frequent first. */
export function shortened(messages: Iterable<string>): string[] {
  const kinds = new Map<string, { text: string; count: number }>()
  for (const text of messages) {
    const kind = text.replace(/0x[0-9a-f]+|\d+/g, '#')
    const found = kinds.get(kind)
    if (found) found.count++
    else kinds.set(kind, { text: cut(withoutTerminalCodes(text)), count: 1 })
  }
  return [...kinds.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST)
    .map(({ text, count }) => (count === 1 ? text : `${text} (${count} times)`))
}

/** The reason stands at the end, and what it is of at the beginning: what is too long loses its middle. */
function cut(text: string): string {
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST / 2 - 1)} … ${text.slice(-LONGEST / 2 + 2)}`
}

/** A line of a log in JSON: the message, with the reason that fortio logs beside it as `err` and k6 as `error`. */
interface Logged {
  readonly level: string
  readonly text: string
}

/** Lines of a log with one JSON object a line; other lines are no part of it. */
export function logged(stderr: string): Logged[] {
  return stderr.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      const { level, msg, err, error } = JSON.parse(line) as Record<string, unknown>
      const reason = [err, error].find((one): one is string => typeof one === 'string' && one !== '')
      const said = typeof msg === 'string' ? msg : ''
      const text = reason === undefined || said.includes(reason) ? said : [said, reason].filter(Boolean).join(': ')
      return text === '' ? [] : [{ level: String(level), text }]
    } catch {
      return []
    }
  })
}

/** What was logged as a warning or worse. */
export function loggedWarnings(stderr: string): string[] {
  return logged(stderr).flatMap(({ level, text }) => (/^(warn|err|crit|fatal|panic)/.test(level) ? [text] : []))
}

/** What operating systems and Go say of a failed request or file, and what to do about it; the first that fits counts. */
const CAUSES: readonly { readonly seen: RegExp; readonly remedy: string }[] = [
  {
    seen: /too many open files/i,
    remedy: 'The load generator ran out of file descriptors: raise its limit (`ulimit -n`), or use fewer connections.',
  },
  {
    seen: /cannot assign requested address|address already in use/i,
    remedy:
      'The load generator ran out of local ports: keep connections open, use fewer of them, or widen net.ipv4.ip_local_port_range.',
  },
  {
    seen: /no space left on device|disk quota exceeded|file too large/i,
    remedy:
      'The disk of the load generator is full: free space there, or measure for a shorter time or at a lower rate.',
  },
  {
    seen: /cannot allocate memory|out of memory|no buffer space available/i,
    remedy: 'The load generator ran out of memory: use fewer connections or a lower rate, or give it more.',
  },
  {
    seen: /no such host|server misbehaving|name resolution|i\/o timeout.*\blookup\b|\blookup\b.*(timeout|refused|no answer)/i,
    remedy: 'The name of the target could not be resolved: check the DNS of the machine or pod of the load generator.',
  },
  {
    seen: /connection refused/i,
    remedy: 'Nothing listened at the target: check whether the server, or the proxy before it, restarted.',
  },
  {
    seen: /no route to host|network is unreachable/i,
    remedy: 'There is no route to the target: check the network between load generator and server.',
  },
  {
    seen: /connection reset|broken pipe|\bEOF\b|(connection|server|socket) (was |is )?clos(ed|ing)|GOAWAY|transport is closing/i,
    remedy:
      'The server or a proxy before it closed connections in use: check their logs, restarts, and limits on connections and on requests per connection.',
  },
  {
    seen: /x509|certificate|tls: /i,
    remedy: 'The TLS handshake failed: check the certificates and the mode of mutual TLS.',
  },
  {
    seen: /timed? ?out|deadline exceeded/i,
    remedy: 'The target did not answer in time: lower the rate, or check what the server and its proxies wait for.',
  },
]

/** The message with a cause that is known, and what to do about it. */
export function knownCause(
  messages: readonly string[],
): { readonly message: string; readonly remedy: string } | undefined {
  for (const { seen, remedy } of CAUSES) {
    const message = messages.find((text) => seen.test(text))
    if (message !== undefined) return { message, remedy }
  }
  return undefined
}

type Ended = Pick<Execution, 'exitCode' | 'stderr'>

/** Exit codes of shells and container runtimes for a program that was ended by a signal. */
const SIGNALS: Readonly<Record<number, string>> = { 129: 'SIGHUP', 130: 'SIGINT', 137: 'SIGKILL', 143: 'SIGTERM' }

/**
 * Why a load tool ended without a measurement. `said`: the tool's own last word, where it is known; else what stands last
 * on its stderr. `remedy`: where no cause is known.
 */
export function whyEnded(
  tool: string,
  { exitCode, stderr }: Ended,
  about: { said?: string | undefined; remedy: string },
): Failure {
  const signal = SIGNALS[exitCode]
  if (signal !== undefined) return endedFromOutside(tool, `exit code ${exitCode}: ${signal}`)
  const messages = shortened(loggedWarnings(stderr))
  const said = about.said ?? (messages.length > 0 ? undefined : stderr.trimEnd().split('\n').at(-1))
  const known = knownCause([...(said ? [said] : []), ...messages])
  const logged = known?.message ?? messages[0]
  const why = [said, logged !== undefined && said?.includes(logged) ? undefined : logged].filter(Boolean).join('; ')
  const message = exitCode === 0 ? `${tool} ended without a result` : `${tool} ended with exit code ${exitCode}`
  return new Failure('load-failed', message, { ...(why && { cause: why }), remedy: known?.remedy ?? about.remedy })
}

/** Killed, evicted, out of memory: it was under way and did not come to its end. */
export function endedFromOutside(tool: string, cause: string): Failure {
  return new Failure('load-failed', `${tool} was terminated before it finished`, {
    cause,
    remedy:
      'Find the cause: the memory limit or an eviction of its pod (`kubectl -n bench describe pod client`), the kernel (`dmesg`), or a time limit of the job that runs meshbench.',
  })
}

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

/** A stream of bytes as text. */
export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
