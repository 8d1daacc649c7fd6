import { formatNumber } from '../../model/units.ts'

export interface BlockValue {
  readonly cohort: number
  readonly block: number
  readonly value: number
}

/** A block, or neighbouring ones of a cohort put together. */
export interface BlockGroup {
  readonly cohort: number
  readonly from: number
  readonly to: number
  /** "3", or "1–5". */
  readonly name: string
}

/** More dots in a line cannot be told apart, and would make the page grow with the run. */
const MOST = 40

/** Blocks that have a value, in order; no group spans two cohorts. */
export function blockGroups(values: readonly BlockValue[]): BlockGroup[] {
  const cohortOf = new Map(values.map(({ block, cohort }) => [block, cohort]))
  const blocks = [...cohortOf].sort(([a], [b]) => a - b).map(([block, cohort]) => ({ block, cohort }))
  const size = Math.ceil(blocks.length / MOST)
  const groups: { cohort: number; from: number; to: number; count: number }[] = []
  for (const { block, cohort } of blocks) {
    const last = groups.at(-1)
    if (last && last.cohort === cohort && last.count < size) {
      last.to = block
      last.count++
    } else groups.push({ cohort, from: block, to: block, count: 1 })
  }
  return groups.map(({ cohort, from, to }) => ({
    cohort,
    from,
    to,
    name: from === to ? formatNumber(from, 6) : `${from}–${to}`,
  }))
}
