import type { Analysis, Cell, Estimate } from '../../model/analysis.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { exponential, reach } from '../../stats/interval.ts'
import { type CohortSpread, type Cohorts, cohortSpread, type Nested, nestedInterval } from '../../stats/nested.ts'
import { studentCdf } from '../../stats/student.ts'
import { noiseBand } from '../noise-floor.ts'
import { type Stand, standingOfDifference, standingOfRatio } from '../standing.ts'
import type { Contrast } from './contrast.ts'

type Values = Cell['values']
interface Paired {
  readonly cohort: number
  readonly a: number
  readonly b: number
}
export type Measures = Omit<Contrast, 'load' | 'metric' | 'armA' | 'armB' | 'adjusted'>

/**
 * Two arms of one run, paired within blocks. With several cohorts their scatter is in the interval; with one the interval
 * holds for that provisioning only, which a caution says, and the A/A pairs decide what is within noise.
 */
export function pairedContrast(analysis: Analysis, a: Cell, b: Cell): Measures {
  const pairs = pairUp(a.values, b.values)
  const positive = pairs.every(({ a, b }) => a > 0 && b > 0)
  const isNested = new Set(pairs.map(({ cohort }) => cohort)).size > 1
  const spread = isNested && positive ? equalArmsSpread(analysis, a.load, a.metric) : undefined
  const onLogs = positive ? nested(pairs, ({ a, b }) => Math.log(b / a), spread) : undefined
  const onValues = nested(pairs, ({ a, b }) => b - a)
  const ratio = onLogs && exponential(onLogs.estimate)
  const difference = onValues?.estimate
  const p = onLogs ? pValue(onLogs, spread) : onValues && pValue(onValues, undefined)
  const floors = analysis.noise.filter(({ load, metric }) => load === a.load && metric === a.metric)
  const { standing, notes } = stand(ratio, difference, floors.length === 0 ? undefined : noiseBand(floors))
  return {
    method: 'paired',
    a: a.values.map(({ value }) => value),
    b: b.values.map(({ value }) => value),
    pairs: pairs.length,
    higherIn: pairs.filter(({ a, b }) => b > a).length,
    ...(ratio && { ratio }),
    ...(difference && { difference }),
    ...(p !== undefined && { p }),
    standing,
    notes,
  }
}

function pairUp(a: Values, b: Values): Paired[] {
  const partners = new Map(a.map(({ block, value }) => [block, value]))
  return b.flatMap(({ cohort, block, value }) => {
    const partner = partners.get(block)
    return partner === undefined ? [] : [{ cohort, a: partner, b: value }]
  })
}

function byCohort(pairs: readonly Paired[], read: (pair: Paired) => number): Cohorts {
  return [...Map.groupBy(pairs, ({ cohort }) => cohort).values()].map((group) => group.map(read))
}

function nested(pairs: readonly Paired[], read: (pair: Paired) => number, spread?: CohortSpread): Nested | undefined {
  return nestedInterval(byCohort(pairs, read), spread)
}

/** How far equal arms of this run lie apart; undefined where it has no A/A pair. */
function equalArmsSpread({ record, cells }: Analysis, load: string, metric: string): CohortSpread | undefined {
  const { scenario } = record.run.plan
  const baseline = baselineOf(scenario)
  const valuesOf = (arm: string) =>
    cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)?.values ?? []
  const twins = scenario.arms.slice(1).filter((arm) => isSameArm(arm, baseline))
  const ratios = twins.flatMap(({ name }) =>
    byCohort(pairUp(valuesOf(baseline.name), valuesOf(name)), ({ a, b }) => Math.log(b / a)),
  )
  return cohortSpread(ratios)
}

/** The level at which the interval would just reach no difference: t = centre / standard error, by the interval's own freedom. */
function pValue({ estimate, basis, cohorts }: Nested, spread: CohortSpread | undefined): number | undefined {
  const freedom = basis === 'cohorts' ? cohorts - 1 + (spread?.freedom ?? 0) : estimate.n - 1
  if (estimate.hi === undefined || freedom < 1) return undefined
  const error = (estimate.hi - estimate.center) / reach(freedom)
  if (error === 0) return estimate.center === 0 ? 1 : 0
  return 2 * studentCdf(-Math.abs(estimate.center / error), freedom)
}

function stand(ratio: Estimate | undefined, difference: Estimate | undefined, band: number | undefined): Stand {
  if (ratio) return standingOfRatio(ratio, band)
  if (difference) return standingOfDifference(difference)
  return { standing: 'no-data', notes: ['No block has a valid trial of both.'] }
}
