import type { TopLevelSpec } from 'vega-lite'
import type { MetricUnit } from '../model/units.ts'
import type { Frame } from './charts/frame.ts'

/** What a column of the numbers behind a chart is in; plain text and counts have no unit. */
export type ColumnUnit = MetricUnit | 'dollars-per-month' | 'ratio' | 'share' | 'dimensionless'

export interface Column {
  readonly name: string
  readonly unit?: ColumnUnit
}

export type Value = string | number | undefined

/**
 * One picture: what it says, how it is drawn and the numbers behind it, all from the same rows. A drawing gives every mark
 * that a reader may point at a field `say`: the words that a tooltip shows and a screen reader hears.
 */
export interface Chart {
  /** Unique on the page; also its permanent address. */
  readonly id: string
  readonly title: string
  /** One sentence, made from the numbers, that says what it shows. */
  readonly sentence: string
  /** A reason instead of a drawing where there is nothing to draw. */
  readonly drawing: ((frame: Frame) => TopLevelSpec) | { readonly reason: string }
  readonly columns: readonly Column[]
  /** In base units, as they are downloaded; tables show them in the units readers expect. */
  readonly rows: readonly (readonly Value[])[]
}

/** At most so many of a list, evenly spread over it, its ends among them. */
export function thinned<One>(all: readonly One[], most: number): readonly One[] {
  if (all.length <= most) return all
  const step = (all.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => all[Math.round(index * step)] as One)
}
