import { Failure } from '../model/failure.ts'
import { suggest } from '../yaml/yaml-finding.ts'

/** What `list` can list. */
export const LIST_NAMES = ['scenarios', 'meshes', 'runs'] as const
export type ListName = (typeof LIST_NAMES)[number]

/** The names of an option such as `--arms none,linkerd`. */
export function commaList(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

/** The names as they are, if all of them are known; otherwise says which is not, and what was likely meant. */
export function knownNames(names: readonly string[], known: readonly string[], noun: string): readonly string[] {
  const wrong = names.find((name) => !known.includes(name))
  if (wrong === undefined) return names
  throw new Failure('usage', `there is no ${noun} ${wrong}`, { remedy: suggest(wrong, known) })
}
