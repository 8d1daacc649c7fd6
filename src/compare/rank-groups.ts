import type { Cell, MetricInfo, RankGroup } from '../model/analysis.ts'
import { LEVEL } from '../model/confidence.ts'

import { type Known, pooledVarianceFor } from './estimate.ts'
import { byBlock, type EqualArms, type Measures, measure, pairUp } from './pairs.ts'
import { type Least, standingOfDifference, standingOfRatio } from './standing.ts'

/** What deciding differences between arms under one load and metric needs. */
export interface Field {
  readonly better: MetricInfo['better']
  readonly equal: EqualArms
  /** All arms of the run under this load and metric; without them no variance is pooled. */
  readonly known?: readonly Known[]
  readonly least: Least
}

interface Group {
  readonly best: Cell
  readonly arms: string[]
  readonly behind?: NonNullable<RankGroup['behind']>
}

/**
 * Sorts arms by estimate, best first. An arm joins the group before it unless it is decided to be worse than the best of
 * that group, by the rule that compares arms with the baseline.
 *
 * "No decided difference" is not transitive, so no grouping can be exact. Two arms of a group may differ from each other if
 * its best arm has a wider interval. An arm with much scatter may be in a later group by its estimate, although alone it
 * would not differ from the best of an earlier group. Only this holds: the best of each group is worse than the best of
 * the group before it.
 */
export function groupsOf(cells: readonly Cell[], field: Field): RankGroup[] {
  const groups: Group[] = []
  for (const cell of bestFirst(cells, field)) {
    const current = groups.at(-1)
    const found = current && against(current.best, cell, field)
    if (current && !(found && isWorse(found, field, current.arms.length + 1))) current.arms.push(cell.arm)
    else groups.push({ best: cell, arms: [cell.arm], ...(found && { behind: figuresOf(found) }) })
  }
  return groups.map(({ best: _, ...group }) => group)
}

function bestFirst(cells: readonly Cell[], { better }: Field): Cell[] {
  const sign = better === 'lower' ? 1 : -1
  const level = ({ estimate }: Cell) => sign * (estimate?.center ?? Number.NaN)
  return cells.filter(({ estimate }) => estimate).toSorted((a, b) => level(a) - level(b))
}

/** The comparison of two arms; undefined where no block has both. */
function against(best: Cell, cell: Cell, { equal, known = [] }: Field): Measures | undefined {
  const paired = pairUp(byBlock(best.values), cell.values)
  const [one, other] = [best, cell].map(({ arm }) => known.find((those) => those.arm.name === arm)?.arm)
  return paired && measure(paired, equal, one && other ? { pooled: pooledVarianceFor(one, other, known) } : {})
}

/**
 * The best of several arms is the best partly by chance: of four equal arms without an A/A pair, a 95 % interval separates
 * one from the first in 20 % of rankings. So the level is adjusted for the comparisons among all `arms` of the group
 * (Bonferroni). Equal arms are then separated in about 5 % of rankings, for any number of arms, and arms that all differ
 * are not affected.
 */
function isWorse({ ratio, difference }: Measures, { better, least }: Field, arms: number): boolean {
  const comparisons = (arms * (arms - 1)) / 2
  const leading = ratio ?? difference
  if (!leading || (leading.p ?? 1) * comparisons > 1 - LEVEL) return false
  const { standing } = ratio ? standingOfRatio(ratio.estimate, least) : standingOfDifference(leading.estimate)
  // Where blocks are missing, pairs can contradict the order of the estimates: then there is no order.
  return standing === (better === 'lower' ? 'higher' : 'lower')
}

function figuresOf({ ratio, difference }: Measures): NonNullable<RankGroup['behind']> {
  return { ...(ratio && { ratio: ratio.estimate }), ...(difference && { difference: difference.estimate }) }
}
