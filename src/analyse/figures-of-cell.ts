import type { Cell } from '../model/analysis.ts'
import { geometricInterval, meanInterval } from '../stats/interval.ts'
import type { Against } from './against-baseline.ts'

type Figures = Pick<Cell, 'estimate' | 'ratio' | 'difference' | 'basis' | 'p' | 'robust'>

/** What an arm's trials say by themselves, and beside the baseline: of a run, and of what a reader makes of it. */
export function figuresOfCell(values: Cell['values'], against: Against | undefined): Figures {
  const numbers = values.map(({ value }) => value)
  const estimate = geometricInterval(numbers) ?? meanInterval(numbers)
  const leading = against?.ratio ?? against?.difference
  return {
    ...(estimate && { estimate }),
    ...(against?.ratio && { ratio: against.ratio.estimate }),
    ...(against?.difference && { difference: against.difference.estimate }),
    ...(leading && { basis: leading.basis }),
    ...(leading?.p !== undefined && { p: leading.p }),
    ...(against?.robust && { robust: against.robust }),
  }
}
