import type { Cell, Estimate, NoiseFloor } from '../model/analysis.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import { geometricInterval, meanInterval } from '../stats/interval.ts'
import { type Pair, pairedDifference, pairedRatio } from '../stats/paired.ts'
import { type Metric, metrics } from './metrics.ts'
import { noiseBand } from './noise-floor.ts'
import { type Stand, standingOfDifference, standingOfRatio } from './standing.ts'
import type { TrialView } from './trial-view.ts'
import { count } from './wording.ts'

type Values = Cell['values']

/** An arm against the baseline under one load and metric. */
interface Compared {
  readonly arm: string
  readonly values: Values
  /** Valid trials that cannot tell this metric. */
  readonly silent: number
  readonly ratio?: Estimate
  readonly difference?: Estimate
}

/** What one trial says of every metric, in the order of the registry. */
interface Row {
  readonly load: string
  readonly arm: string
  readonly cohort: number
  readonly block: number
  readonly values: readonly (number | undefined)[]
}

/** Every arm × load × metric, and the noise floors that the arms equal to the baseline show. */
export function compareArms(scenario: Scenario, valid: readonly TrialView[]): { cells: Cell[]; noise: NoiseFloor[] } {
  const byLoad = Map.groupBy(valid.map(rowOf), ({ load }) => load)
  const cells: Cell[] = []
  const noise: NoiseFloor[] = []
  for (const load of scenario.loads) {
    const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm)
    for (const [place, metric] of metrics.entries()) {
      const compared = compare(scenario, byArm, place)
      const floors = floorsOf(scenario, compared, { load: load.name, metric: metric.info.name })
      noise.push(...floors)
      const band = floors.length === 0 ? undefined : noiseBand(floors)
      cells.push(...compared.map((one, index) => cellOf(one, load.name, metric, index === 0, band)))
    }
  }
  return { cells, noise }
}

function rowOf(view: TrialView): Row {
  const { cohort, block } = view.trial
  const values = metrics.map((metric) => metric.value(view))
  return { load: view.load.name, arm: view.arm.name, cohort, block, values }
}

/** `place`: of the metric in the registry. */
function compare(scenario: Scenario, byArm: ReadonlyMap<string, Row[]>, place: number): Compared[] {
  const valuesOf = (arm: string): Values =>
    (byArm.get(arm) ?? []).flatMap(({ cohort, block, values }) => {
      const value = values[place]
      return value === undefined ? [] : [{ cohort, block, value }]
    })
  const base = valuesOf(baselineOf(scenario).name)
  return scenario.arms.map(({ name }, index) => {
    const values = index === 0 ? base : valuesOf(name)
    const pairs = index === 0 ? [] : pairUp(base, values)
    const ratio = pairs.length === 0 ? undefined : pairedRatio(pairs)
    const difference = pairedDifference(pairs)
    return {
      arm: name,
      values,
      silent: (byArm.get(name) ?? []).length - values.length,
      ...(ratio && { ratio }),
      ...(difference && { difference }),
    }
  })
}

/** Values of the same block, side by side. Blocks are numbered over the whole run. */
function pairUp(base: Values, arm: Values): Pair[] {
  const bases = new Map(base.map(({ block, value }) => [block, value]))
  return arm.flatMap(({ block, value }) => {
    const partner = bases.get(block)
    return partner === undefined ? [] : [{ base: partner, arm: value }]
  })
}

function floorsOf(scenario: Scenario, compared: readonly Compared[], where: Pick<NoiseFloor, 'load' | 'metric'>) {
  const baseline = baselineOf(scenario)
  return scenario.arms.slice(1).flatMap((arm, index): NoiseFloor[] => {
    const ratio = compared[index + 1]?.ratio
    return ratio && isSameArm(arm, baseline) ? [{ ...where, arm: arm.name, ratio }] : []
  })
}

function cellOf(compared: Compared, load: string, metric: Metric, isBaseline: boolean, band: number | undefined): Cell {
  const { silent, ...one } = compared
  const numbers = one.values.map(({ value }) => value)
  const estimate = geometricInterval(numbers) ?? meanInterval(numbers)
  const { standing, notes } = stand(one, isBaseline, band)
  const quiet =
    silent === 0 ? [] : [`${count(silent, 'valid trial')} could not tell: too few answers, or not observed.`]
  return {
    ...one,
    load,
    metric: metric.info.name,
    ...(estimate && { estimate }),
    standing,
    notes: [...notes, ...quiet],
  }
}

function stand(
  { values, ratio, difference }: Omit<Compared, 'silent'>,
  isBaseline: boolean,
  band: number | undefined,
): Stand {
  if (values.length === 0) return { standing: 'no-data', notes: [] }
  if (isBaseline) return { standing: 'baseline', notes: [] }
  if (ratio) return standingOfRatio(ratio, band)
  if (difference) return standingOfDifference(difference)
  return { standing: 'undecided', notes: ['No block has a valid trial of both this arm and the baseline.'] }
}
