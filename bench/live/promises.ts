import { EXIT } from '../../src/model/exit-codes.ts'
import { cellOf, type Judged, levelOf } from './judged-run.ts'
import type { Said } from './transcript.ts'

export interface LiveRuns {
  readonly equal: readonly Judged[]
  readonly slower: readonly Judged[]
  /** One run with another, by `meshbench compare`. */
  readonly compared: readonly Said[]
}

/** From so much on a regression must be found: below 5 % of both, nothing is one by the gate's defaults. */
const MUST_BE_FOUND = 0.09

export function brokenPromises({ equal, slower }: LiveRuns): string[] {
  const alarms = equal.flatMap(({ run, gate }) =>
    gate.exit === EXIT.ok ? [] : [`${run.name}: equal arms end with ${gate.exit}, ${gate.verdict}`],
  )
  const missed = slower.flatMap(({ run, gate, analysis }) => {
    const share = run.later / levelOf(analysis, 'p50')
    const isFound = gate.exit === EXIT.regression && cellOf(gate, 'p50')?.verdict === 'regression'
    return share < MUST_BE_FOUND || isFound ? [] : [`${run.name}: ends with ${gate.exit}, ${gate.verdict}`]
  })
  return [...alarms, ...missed]
}
