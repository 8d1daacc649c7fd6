import { closest, distance } from 'fastest-levenshtein'

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
