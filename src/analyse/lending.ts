import type { Cell } from '../model/analysis.ts'
import { type Arm, isSameArm, isSameMesh } from '../model/scenario.ts'
import { independentDifferences } from '../stats/equal-arms.ts'
import { type CohortSpread, type Cohorts, cohortSpread } from '../stats/nested.ts'

/** How far two arms lie apart from cohort to cohort without a cause, on either scale; absent where no equal arms can say. */
export interface Lent {
  readonly onLogs?: CohortSpread
  readonly onValues?: CohortSpread
}

/** An arm and what it measured of one load and metric. */
export interface Known {
  readonly arm: Arm
  readonly values: Cell['values']
}

/**
 * What the A/A arms of a run may lend to the comparison of two of its arms: the one rule of report, `compare` and gate.
 * A mesh varies between clusters by its own measure, which the blocks of one cluster do not show and which another mesh
 * does not know. So only two arms of one mesh (two versions of it) borrow, and only from arms equal to either of them;
 * any other interval rests on the scatter of its own cohorts alone. What is lent is pooled with that scatter, each by its
 * degrees of freedom.
 *
 * Two meshes borrow nothing, not even where both have A/A arms: with two cohorts such intervals hold the truth 98 % of
 * the time, since the luck of the arms compared is in what is lent. The same clusters buy more as further cohorts.
 */
export function lentTo(one: Arm, other: Arm, arms: readonly Known[]): Lent {
  if (!isSameMesh(one, other)) return {}
  // Of equal arms the first row is the comparison itself.
  if (isSameArm(one, other)) return spreads(differences(equalsOf(one, arms, [one, other])).filter(({ row }) => row > 0))
  return spreads([...differences(equalsOf(one, arms)), ...differences(equalsOf(other, arms))])
}

/** What equal arms differ by in one cohort; the first row is the difference of the first two arms. */
interface Difference {
  readonly row: number
  readonly onLogs?: readonly number[]
  readonly onValues: readonly number[]
}

/** `first`: arms that come before all others. */
function equalsOf(arm: Arm, arms: readonly Known[], first: readonly Arm[] = []): Known[] {
  const equal = arms.filter((known) => isSameArm(known.arm, arm))
  const isFirst = (known: Known) => first.some(({ name }) => name === known.arm.name)
  return [...equal.filter(isFirst), ...equal.filter((known) => !isFirst(known))]
}

/** In the blocks that all of them have. */
function differences(equal: readonly Known[]): Difference[] {
  const [first, ...others] = equal.map(({ values }) => new Map(values.map((one) => [one.block, one])))
  if (!first || others.length === 0) return []
  const shared = [...first.values()].filter(({ block }) => others.every((values) => values.has(block)))
  return [...Map.groupBy(shared, ({ cohort }) => cohort).values()].flatMap((blocks) => {
    const rows = [first, ...others].map((values) => blocks.map(({ block }) => values.get(block)?.value ?? Number.NaN))
    const onValues = independentDifferences(rows)
    const isPositive = rows.every((row) => row.every((value) => value > 0))
    const onLogs = isPositive ? independentDifferences(rows.map((row) => row.map(Math.log))) : []
    return onValues.map((values, row) => ({ row, onValues: values, ...(onLogs[row] && { onLogs: onLogs[row] }) }))
  })
}

function spreads(found: readonly Difference[]): Lent {
  const onLogs = spreadOf(found.flatMap((one) => (one.onLogs ? [one.onLogs] : [])))
  const onValues = spreadOf(found.map((one) => one.onValues))
  return { ...(onLogs && { onLogs }), ...(onValues && { onValues }) }
}

/** Arms that never differ know nothing. */
function spreadOf(cohorts: Cohorts): CohortSpread | undefined {
  const spread = cohortSpread(cohorts)
  return spread?.deviation ? spread : undefined
}
