import type { Suspect } from '../model/result.ts'
import type { GateResult } from '../model/verdict.ts'

/** What fresh blocks are measured for: arms and loads; a load's metrics are all read of the same trial. */
export function suspectsOf({ cells }: Pick<GateResult, 'cells'>): Suspect[] {
  const found = cells.filter(({ suspected, waived }) => suspected && !waived)
  const distinct = new Map(
    found.map(({ arm, reference, load }) => [JSON.stringify([arm, reference, load]), { arm, reference, load }]),
  )
  return [...distinct.values()]
}
