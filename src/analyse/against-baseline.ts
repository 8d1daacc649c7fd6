import type { Cell, Estimate } from '../model/analysis.ts'
import { exponential } from '../stats/interval.ts'
import type { Cohorts } from '../stats/nested.ts'
import { disagreeingTwin } from './twin.ts'
import { overBlocks, type Weighed, weigh } from './weigh.ts'

type Values = Cell['values']

/** An arm's values; `isEqual`: it repeats the baseline. */
export interface ArmValues {
  readonly isEqual: boolean
  readonly values: Values
}

/** An arm against the baseline, paired within blocks. */
export interface Against {
  /** Absent where a value is not positive. `onLogs` is what the ratio is made of. */
  readonly ratio?: Weighed & { readonly onLogs: Weighed }
  readonly difference?: Weighed
  readonly robust?: Estimate
}

interface Paired {
  readonly logs?: Cohorts
  readonly differences: Cohorts
}

/** Every arm against the first one; undefined for that one itself, and where no block has both. */
export function compareToBaseline(arms: readonly ArmValues[], provisioned: boolean): (Against | undefined)[] {
  const base = new Map(arms[0]?.values.map(({ block, value }) => [block, value]))
  const paired = arms.map(({ values }, index) => (index === 0 ? undefined : pairUp(base, values)))
  const equal = paired.flatMap((one, index) => (one && arms[index]?.isEqual ? [one] : []))
  const onLogs = { pairs: equal.flatMap(({ logs }) => (logs ? [logs] : [])), provisioned }
  const onValues = { pairs: equal.map(({ differences }) => differences), provisioned }
  return paired.map((one, index) => {
    if (!one) return undefined
    // Of equal arms the interval says what they differ by tonight: cohorts are no replicates of that.
    const isEqual = arms[index]?.isEqual ?? false
    const of = (cohorts: Cohorts, equals: typeof onLogs) =>
      isEqual ? overBlocks(cohorts, { pairs: [], provisioned: equals.provisioned }) : weigh(cohorts, equals)
    const logs = one.logs && of(one.logs, onLogs)
    const difference = of(one.differences, onValues)
    const twin = one.logs && disagreeingTwin(one.logs.flat())
    return {
      ...(logs && { ratio: { ...logs, estimate: exponential(logs.estimate), onLogs: logs } }),
      ...(difference && { difference }),
      ...(twin && { robust: exponential(twin) }),
    }
  })
}

/** Values of the same block, side by side, by cohort. Blocks are numbered over the whole run. */
function pairUp(base: ReadonlyMap<number, number>, values: Values): Paired | undefined {
  const pairs = values.flatMap(({ cohort, block, value }) => {
    const partner = base.get(block)
    return partner === undefined ? [] : [{ cohort, base: partner, arm: value }]
  })
  if (pairs.length === 0) return undefined
  const cohorts = [...Map.groupBy(pairs, ({ cohort }) => cohort).values()]
  const differences = cohorts.map((those) => those.map(({ base, arm }) => arm - base))
  if (pairs.some(({ base, arm }) => !(base > 0 && arm > 0))) return { differences }
  return { differences, logs: cohorts.map((those) => those.map(({ base, arm }) => Math.log(arm / base))) }
}
