import { reach } from '../stats/interval.ts'
import { rootWhole } from '../stats/root.ts'
import { basisOf, type Effect } from './effect.ts'

/** More than this is no plan but another machine. */
const MOST = 10_000

/** What decides a cell, on the scale of logarithms. */
export interface Decision {
  /** Of the one-sided bound that a pass needs below `margin`. */
  readonly accept: number
  readonly margin: number
  /** Of the one-sided bound that a regression needs above 0, and the least effect. */
  readonly reject: number
  readonly least: number
}

/**
 * How many blocks in all, or cohorts of as many blocks as now, would decide if the estimate and the scatter stay where
 * they are: the fewest for which the bound is within the margin, or off 0. Absent where not even thousands would.
 */
export function neededFor(effect: Effect, decision: Decision): { blocks: number; cohorts: number } | undefined {
  const basis = basisOf(effect)
  // Not more of tonight, but more nights.
  if (basis === 'nights') return undefined
  const byCohorts = basis === 'cohorts'
  const scatter = (byCohorts && effect.byCohorts) || effect.byBlocks
  const now = byCohorts ? effect.cohorts : effect.blocks
  const deviation = scatter.error * Math.sqrt(now)
  const borrowed = scatter.freedom - (now - 1)
  const half = (n: number, alpha: number) => (deviation * reach(n - 1 + borrowed, 1 - 2 * alpha)) / Math.sqrt(n)
  const { center } = effect
  const decided = (n: number) =>
    center + half(n, decision.accept) <= decision.margin ||
    (Math.abs(center) >= decision.least && half(n, decision.reject) <= Math.abs(center))
  if (!decided(MOST)) return undefined
  const needed = decided(now + 1) ? now + 1 : rootWhole(now + 1, MOST, decided)
  if (!byCohorts) return { blocks: needed, cohorts: effect.cohorts }
  return { blocks: Math.ceil((needed * effect.blocks) / effect.cohorts), cohorts: needed }
}
