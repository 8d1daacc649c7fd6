import type { TopLevelSpec } from 'vega-lite'

/** One layer of a drawing. */
export type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number]
