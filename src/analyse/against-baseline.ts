import type { Cell, Estimate } from '../model/analysis.ts'
import type { Arm } from '../model/scenario.ts'
import { exponential } from '../stats/interval.ts'
import type { Cohorts } from '../stats/nested.ts'
import { type Known, lentTo } from './lending.ts'
import { disagreeingTwin } from './twin.ts'
import { type Equals, overBlocks } from './weigh.ts'
import { byBlock, equalArms, isGeometric, type Measures, measure, pairUp } from './within-blocks.ts'

/** An arm's values; `isEqual`: it repeats the baseline. Without `arm` nothing is lent to its comparison. */
export interface ArmValues {
  readonly arm?: Arm
  readonly isEqual: boolean
  readonly values: Cell['values']
}

/** An arm against the baseline, paired within blocks. */
export interface Against extends Measures {
  readonly robust?: Estimate
}

/** Every arm against the first one; undefined for that one itself, and where no block has both. Ratios are of all arms or of none. */
export function compareToBaseline(arms: readonly ArmValues[], provisioned: boolean): (Against | undefined)[] {
  const base = byBlock(arms[0]?.values ?? [])
  const geometric = isGeometric(arms.map(({ values }) => values))
  const paired = arms.map(({ values }, index) => (index === 0 ? undefined : pairUp(base, values, geometric)))
  const pairs = paired.flatMap((one, index) => (one && arms[index]?.isEqual ? [one] : []))
  const equal = equalArms(pairs, provisioned)
  const known = arms.flatMap(({ arm, values }): Known[] => (arm ? [{ arm, values }] : []))
  return paired.map((one, index) => {
    const own = arms[index]
    if (!one || !own) return undefined
    const lent = own.arm && arms[0]?.arm ? lentTo(arms[0].arm, own.arm, known) : {}
    const twin = one.logs && disagreeingTwin(one.logs.flat())
    return {
      ...measure(one, equal, own.isEqual ? { mean: tonight } : { lent }),
      ...(twin && { robust: exponential(twin) }),
    }
  })
}

/** Of equal arms the interval says what they differ by tonight: cohorts are no replicates of that. */
function tonight(cohorts: Cohorts, { provisioned }: Equals) {
  return overBlocks(cohorts, { pairs: [], provisioned })
}
