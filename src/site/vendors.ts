import type { Mesh } from '../model/mesh.ts'

/** A vendor that some mesh names: a key of the site file, with the keys of its charts. */
export interface KnownVendor {
  readonly name: string
  readonly charts: readonly string[]
}

/** Meshes of one vendor may use different charts of it. */
export function vendorsOf(meshes: Readonly<Record<string, Mesh>>): KnownVendor[] {
  const charts = new Map<string, Set<string>>()
  for (const { kubernetes } of Object.values(meshes)) {
    if (!kubernetes?.vendor) continue
    const { name, charts: own } = kubernetes.vendor
    charts.set(name, new Set([...(charts.get(name) ?? []), ...Object.keys(own)]))
  }
  return [...charts].map(([name, keys]) => ({ name, charts: [...keys] }))
}
