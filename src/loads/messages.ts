const MOST = 20
const LONGEST = 200

/** Warnings for a reader: each once, whatever its numbers, with how often it came; the most frequent first. */
export function shortened(messages: Iterable<string>): string[] {
  const kinds = new Map<string, { text: string; count: number }>()
  for (const text of messages) {
    const kind = text.replace(/\d+/g, '#')
    const found = kinds.get(kind)
    if (found) found.count++
    else kinds.set(kind, { text: text.slice(0, LONGEST), count: 1 })
  }
  return [...kinds.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST)
    .map(({ text, count }) => (count === 1 ? text : `${text} (${count} times)`))
}

/** Messages of a log with one JSON object a line, of the levels that are warnings or worse; other lines are no part of it. */
export function loggedWarnings(stderr: string): string[] {
  return stderr.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown }
      return /^(warn|err|crit|fatal|panic)/.test(String(level)) && typeof msg === 'string' ? [msg] : []
    } catch {
      return []
    }
  })
}
