import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { TrialSeconds } from '../page-data.ts'
import { thinned } from '../thinned.ts'
import type { View } from '../view.ts'

/** One trial as a row of the heat map. */
export interface HeatRow {
  readonly style: ArmStyle
  readonly block: number
  readonly isValid: boolean
  /** In seconds, of each column; 0 where nothing was answered. */
  readonly p99: readonly number[]
}

export interface HeatRows {
  readonly rows: readonly HeatRow[]
  /** Seconds in one column. */
  readonly bin: number
  /** Length of the longest window. */
  readonly length: number
  /** Trials that there are, drawn or not. */
  readonly all: number
}

/** More columns cannot be told apart, and more rows of an arm are too thin to be pointed at. */
const COLUMNS = 60
const ROWS = 20

/** Trials by arm and in the order of blocks, without those that the reader leaves out. */
export function heatRows(view: View, load: Load): HeatRows {
  const seconds = view.data.seconds.filter(
    (one) => one.load === load.name && !view.state.excluded.includes(one.trial) && one.p99.some((value) => value > 0),
  )
  const length = Math.max(0, ...seconds.map(({ p99 }) => p99.length))
  const bin = Math.max(1, Math.ceil(length / COLUMNS))
  const invalid = new Set(view.data.trials.flatMap(({ id, status }) => (status === 'valid' ? [] : [id])))
  const rows = view.arms.flatMap((style) => {
    const own = seconds.filter(({ arm }) => arm === style.name).sort((a, b) => a.block - b.block)
    return thinned(own, ROWS).map((one): HeatRow => {
      return { style, block: one.block, isValid: !invalid.has(one.trial), p99: binned(one, bin) }
    })
  })
  const shown = new Set(view.arms.map(({ name }) => name))
  const all = view.data.trials.filter(
    ({ arm, id, load: of, status }) =>
      of === load.name && shown.has(arm) && status !== 'failed' && !view.state.excluded.includes(id),
  ).length
  return { rows, bin, length, all: Math.max(all, rows.length) }
}

/** The worst second of each column: what is looked for are moments. */
function binned({ p99 }: TrialSeconds, bin: number): number[] {
  return Array.from({ length: Math.ceil(p99.length / bin) }, (_, index) =>
    Math.max(...p99.slice(index * bin, (index + 1) * bin)),
  )
}
