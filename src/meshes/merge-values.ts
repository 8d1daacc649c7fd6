import type { Values } from '../model/mesh.ts'

/** Helm's own rule: objects are merged, later ones win, and anything else (a list too) is replaced. */
export function mergeValues(...layers: readonly (Values | undefined)[]): Values {
  return layers.reduce<Values>((below, above) => (above ? merged(below, above) : below), {})
}

function merged(below: Values, above: Values): Values {
  const entries = Object.entries(above).map(([key, value]) => {
    const under = Object.hasOwn(below, key) ? below[key] : undefined
    return [key, isTree(value) ? merged(isTree(under) ? under : {}, value) : value] as const
  })
  return { ...below, ...Object.fromEntries(entries) }
}

/** An object as YAML and JSON know it. */
export function isTree(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
