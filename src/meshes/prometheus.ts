import type { Sample } from '../model/mesh.ts'

const LABEL = /([^\s=,{]+)\s*=\s*"((?:[^"\\]|\\.)*)"/g
/** A value, and the timestamp behind it; what begins with `#` is an exemplar. */
const VALUE = /^\s*(\S+)(?:\s+(-?\d+(?:\.\d+)?)(?=\s|$))?/
const ESCAPED = /\\(.)/g
const NO_LABELS: Readonly<Record<string, string>> = {}

/**
 * Samples of the Prometheus text format and of OpenMetrics. Comments and exemplars are passed over, and so
 * are lines that hold no sample: a scrape that is cut short is noticed by what it lacks.
 *
 * @param names the metrics that are wanted; all when absent. Lines of others are not looked into, since a text may have many
 */
export function parsePrometheus(text: string, names?: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const sample = parseLine(line, names)
    if (sample) samples.push(sample)
  }
  return samples
}

function parseLine(line: string, names: ReadonlySet<string> | undefined): Sample | undefined {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return undefined
  const nameEnd = text.search(/[\s{]/)
  if (nameEnd < 1) return undefined
  const name = text.slice(0, nameEnd)
  if (names && !names.has(name)) return undefined
  const labelled = text[nameEnd] === '{'
  const end = labelled ? endOfLabels(text, nameEnd) : nameEnd
  if (end === undefined) return undefined
  const [, number, timestamp] = VALUE.exec(text.slice(end)) ?? []
  const value = toNumber(number)
  if (value === undefined) return undefined
  const labels = labelled ? labelsOf(text.slice(nameEnd + 1, end - 1)) : NO_LABELS
  return { name, labels, value, ...(timestamp !== undefined && { timestamp: Number(timestamp) }) }
}

/** Behind the brace that closes the labels; braces within quotes do not. */
function endOfLabels(text: string, start: number): number | undefined {
  let quoted = false
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]
    if (quoted && character === '\\') at += 1
    else if (character === '"') quoted = !quoted
    else if (character === '}' && !quoted) return at + 1
  }
  return undefined
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const [, name, value] of text.matchAll(LABEL)) {
    if (name === undefined || value === undefined) continue
    labels[name] = value.includes('\\') ? value.replace(ESCAPED, (_, one: string) => (one === 'n' ? '\n' : one)) : value
  }
  return labels
}

const INFINITE: Readonly<Record<string, number>> = {
  '+inf': Number.POSITIVE_INFINITY,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
}

function toNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const known = INFINITE[text.toLowerCase()]
  if (known !== undefined) return known
  const value = Number(text)
  return Number.isNaN(value) ? undefined : value
}
