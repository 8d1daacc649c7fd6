import type { Cell } from '../model/analysis.ts'
import { formatChange, formatChanges } from '../model/units.ts'
import type { Against } from './against-baseline.ts'
import { neededToDecide } from './needed.ts'
import { BLOCKS_TO_DECIDE, standingOfDifference, standingOfRatio, tellingRatio } from './standing.ts'

interface Subject {
  readonly values: Cell['values']
  readonly isBaseline: boolean
  readonly against?: Against
  /** How far the A/A pairs stray, a ratio ≥ 1; absent without a pair. */
  readonly band: number | undefined
}

/** What may be said of a cell, and what would decide it where nothing may. */
export function judgeStanding(subject: Subject): Pick<Cell, 'standing' | 'notes' | 'needed'> {
  const { values, isBaseline, against, band } = subject
  if (values.length === 0) return { standing: 'no-data', notes: [] }
  if (isBaseline) return { standing: 'baseline', notes: [] }
  const leading = against?.ratio ?? against?.difference
  if (!leading) {
    return { standing: 'undecided', notes: ['No block has a valid trial of both this arm and the baseline.'] }
  }
  const { standing, notes } = against?.ratio
    ? standingOfRatio(leading.estimate, band)
    : standingOfDifference(leading.estimate)
  const needed = standing === 'undecided' ? neededIn(subject) : undefined
  return { standing, notes: [...notes, ...twinNote(against)], ...(needed && { needed }) }
}

/** Never fewer than may decide at all. */
function neededIn({ against, band = 1 }: Subject): Cell['needed'] {
  const found = against?.ratio
    ? neededToDecide(against.ratio.onLogs, { noise: Math.log(band), telling: Math.log(tellingRatio(band)) })
    : against?.difference && neededToDecide(against.difference, { noise: 0, telling: 0 })
  const { n = 0 } = (against?.ratio ?? against?.difference)?.estimate ?? {}
  if (n >= BLOCKS_TO_DECIDE) return found
  return { blocks: Math.max(BLOCKS_TO_DECIDE, found?.blocks ?? 0), cohorts: found?.cohorts ?? 1 }
}

function twinNote(against: Against | undefined): string[] {
  const { robust } = against ?? {}
  const interval = robust && formatChanges(robust)
  if (!robust || interval === undefined) return []
  const figures = `${formatChange(robust.center)}, 95 % interval ${interval}`
  return [`Single blocks matter here: by the Hodges–Lehmann estimate, which they cannot move far, it is ${figures}.`]
}
