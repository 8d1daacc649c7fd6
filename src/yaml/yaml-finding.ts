import { closest, distance } from 'fastest-levenshtein'
import type { Diagnostic } from '../model/diagnostic.ts'

/** Where a value stands in a scenario: keys, and places in lists counted from 0. */
export type Path = readonly (string | number)[]

/** Something wrong, before it is known on which line it stands. */
export interface Finding extends Diagnostic {
  readonly path: Path
  readonly remedy: string
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean
  /** Nothing is written there. */
  readonly missing?: boolean
}

/** `loads[0].rate` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

/** A value as the message shows it: on one line, and short. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value !== null && typeof value === 'object') return 'a map of keys'
  // As YAML writes it, not the language.
  if (typeof value === 'number' && !Number.isFinite(value))
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** A remedy for a word that is none of those there are: the likeliest one meant, and all of them. */
export function suggest(word: string, known: readonly string[]): string {
  const meant = likeliest(word.toLowerCase(), known)
  const all = `Use one of: ${known.join(', ')}.`
  return meant === undefined ? all : `Did you mean "${meant}"? ${all}`
}

/** A word cut short, one with few letters wrong, or a part of one: `cpu` of `mesh-cpu`. */
function likeliest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const longer = word.length > 2 ? known.find((candidate) => candidate.startsWith(word)) : undefined
  const whole = known.find((candidate) => candidate.split('-').includes(word))
  const nearest = closest(word, known)
  return longer ?? whole ?? (distance(word, nearest) <= Math.max(2, nearest.length / 3) ? nearest : undefined)
}
