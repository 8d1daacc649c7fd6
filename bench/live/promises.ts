import { cellOf, type Judged, levelOf } from './nights.ts'
import type { Said } from './transcript.ts'

export interface Nights {
  readonly equal: readonly Judged[]
  readonly slower: readonly Judged[]
  /** One night with another, by `meshbench compare`. */
  readonly compared: readonly Said[]
}

const EXIT = { pass: 0, regression: 10 }
/** From so much on a regression must be found: below 5 % of both, nothing is one by the gate's defaults. */
const MUST_BE_FOUND = 0.09

export function brokenPromises({ equal, slower }: Nights): string[] {
  const alarms = equal.flatMap(({ night, gate }) =>
    gate.exit === EXIT.pass ? [] : [`${night.name}: equal arms end with ${gate.exit}, ${gate.verdict}`],
  )
  const missed = slower.flatMap(({ night, gate, analysis }) => {
    const share = night.later / levelOf(analysis, 'p50')
    const isFound = gate.exit === EXIT.regression && cellOf(gate, 'p50')?.verdict === 'regression'
    return share < MUST_BE_FOUND || isFound ? [] : [`${night.name}: ends with ${gate.exit}, ${gate.verdict}`]
  })
  return [...alarms, ...missed]
}
