import type { Mesh } from '../model/mesh.ts'
import type { Draft } from './draft.ts'
import type { Finding, Path } from './finding.ts'

export type Meshes = Readonly<Record<string, Mesh>>

/** What a schema cannot say because it lies between values. A rule passes over what is undefined: that is reported already. */
export type Rule = (draft: Draft, meshes: Meshes) => Finding[]

/** `Object.hasOwn`, since a mesh may be asked for by any word: `toString` is none. */
export function meshNamed(meshes: Meshes, name: string | undefined): Mesh | undefined {
  return name !== undefined && Object.hasOwn(meshes, name) ? meshes[name] : undefined
}

/** The entries whose name an earlier one has. */
export function repeated<Entry extends { readonly name: string | undefined; readonly path: Path }>(
  entries: readonly Entry[],
): Entry[] {
  const seen = new Set<string>()
  return entries.filter(({ name }) => {
    if (name === undefined) return false
    const again = seen.has(name)
    seen.add(name)
    return again
  })
}
