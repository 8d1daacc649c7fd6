import type { Cell, MetricInfo, RankGroup } from '../model/analysis.ts'
import { LEVEL } from '../stats/intervals.ts'
import { type Known, pooledVarianceFor } from './estimate.ts'
import { byBlock, type EqualArms, type Measures, measure, pairUp } from './pairs.ts'
import { type Least, standingOfDifference, standingOfRatio } from './standing.ts'

/** What all arms under one load and metric are told apart by. */
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
 * Best first by estimate; an arm joins the group before it unless it is told to be worse than that group's best, by the
 * rule that tells arms from the baseline.
 *
 * Not to be told apart is not transitive, and no grouping can be. Two arms of a group may differ from each other, where
 * its best is known less well than they are. And a restless arm stands in a later group by its estimate, though
 * alone it might not be told from the best of an earlier one. What holds is what is said: each group's best is worse than
 * the best of the group before.
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

/** Undefined where no block has both. */
function against(best: Cell, cell: Cell, { equal, known = [] }: Field): Measures | undefined {
  const paired = pairUp(byBlock(best.values), cell.values)
  const [one, other] = [best, cell].map(({ arm }) => known.find((those) => those.arm.name === arm)?.arm)
  return paired && measure(paired, equal, one && other ? { lent: pooledVarianceFor(one, other, known) } : {})
}

/**
 * The best of several arms owes its place to luck too: of four equal arms, without an A/A pair, one is told from the
 * first by its own 95 % interval in one ranking of five. So it has to stand out among the comparisons of all `arms` that
 * would then be one group (Bonferroni): equal arms are parted in about 5 % of rankings, however many they are, and arms
 * that all differ pay nothing for it.
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
