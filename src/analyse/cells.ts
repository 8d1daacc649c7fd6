import { type Against, compareToBaseline, figuresOfCell } from '../compare/against-baseline.ts'
import { isGeometric } from '../compare/pairs.ts'
import { judgeStanding, type Least, noiseBand } from '../compare/standing.ts'
import type { Cell, NoiseFloor } from '../model/analysis.ts'
import type { Trial } from '../model/plan.ts'
import { type Arm, baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import { formatShare } from '../model/units.ts'
import { count } from '../model/words.ts'
import { benjaminiHochberg } from '../stats/multiplicity.ts'
import type { Examined } from './judge-trial.ts'
import { isMetricOf, type Metric, metrics } from './metrics.ts'

type Values = Cell['values']

/** One arm under one load and metric, with what its comparison with the baseline needs. */
interface Compared {
  readonly arm: string
  readonly values: Values
  /** Number of valid trials without a value of this metric. */
  readonly silent: number
  readonly against?: Against
}

/** Data that all cells of one load and metric share. */
interface Column extends Least {
  readonly load: string
  readonly metric: Pick<Metric, 'info' | 'needsIdle' | 'silentBecause'>
  /** The places of all valid trials of each arm. */
  readonly places: ReadonlyMap<string, Places>
  /** The values of the baseline. */
  readonly base: Values
  readonly geometric: boolean
}

/** The value of every metric in one trial, in the order of the registry, NaN where it has none. */
interface Row extends Pick<Examined, 'values' | 'errors'> {
  readonly trial: Trial
}

/** Data that all cells of a run share. */
interface Table {
  readonly arms: readonly Arm[]
  /** Names of the arms that repeat the baseline. */
  readonly equal: ReadonlySet<string>
  /** Whether cohorts are clusters. */
  readonly provisioned: boolean
}

/** Computes every cell (arm × load × metric), and the noise floors from arms equal to the baseline. `of`: the metrics of the rows. */
export function compareArms(
  scenario: Scenario,
  valid: readonly Row[],
  { provisioned }: Pick<Table, 'provisioned'>,
  of: readonly Pick<
    Metric,
    'info' | 'needsIdle' | 'ofSearch' | 'ofOperation' | 'outsideFamily' | 'silentBecause'
  >[] = metrics,
): { cells: Cell[]; noise: NoiseFloor[] } {
  const table = tableOf(scenario, provisioned)
  const byLoad = Map.groupBy(valid, ({ trial }) => trial.load)
  const cells: Packed[] = []
  const noise: NoiseFloor[] = []
  for (const { name: load, ...asked } of scenario.loads) {
    const byArm = Map.groupBy(byLoad.get(load) ?? [], ({ trial }) => trial.arm)
    const places = new Map([...byArm].map(([arm, rows]) => [arm, placesOf(rows.map(({ trial }) => trial))]))
    for (const [place, metric] of of.entries()) {
      if (!isMetricOf(metric, asked)) continue
      const compared = compare(table, byArm, place)
      const floors = compared.flatMap(({ arm, against }): NoiseFloor[] => {
        const ratio = table.equal.has(arm) ? against?.ratio?.estimate : undefined
        return ratio ? [{ load, metric: metric.info.name, arm, ratio }] : []
      })
      noise.push(...floors)
      const column: Column = {
        load,
        metric,
        places,
        base: compared[0]?.values ?? [],
        geometric: isGeometric(compared.map(({ values }) => values)),
        band: floors.length === 0 ? undefined : noiseBand(floors),
        minEffect: scenario.minEffect,
      }
      cells.push(...compared.map((one, index) => cellOf(one, column, index === 0)))
    }
  }
  const alone = new Set(of.flatMap(({ info, outsideFamily }) => (outsideFamily ? info.name : [])))
  return { cells: withQ(cells, table, alone), noise }
}

function tableOf(scenario: Scenario, provisioned: boolean): Table {
  const baseline = baselineOf(scenario)
  const equal = scenario.arms.slice(1).filter((arm) => isSameArm(arm, baseline))
  return { arms: scenario.arms, equal: new Set(equal.map(({ name }) => name)), provisioned }
}

/** The values of one metric. `place`: its index in the registry. */
function compare(table: Table, byArm: ReadonlyMap<string, Row[]>, place: number): Compared[] {
  const values = table.arms.map(
    ({ name }): Values =>
      (byArm.get(name) ?? []).flatMap(({ trial: { cohort, block }, values, errors }) => {
        const value = values[place] ?? Number.NaN
        const error = errors?.[place] ?? 0
        return Number.isNaN(value) ? [] : [{ cohort, block, value, ...(error > 0 && { error }) }]
      }),
  )
  const against = compareToBaseline(
    table.arms.map((arm, index) => ({ arm, isEqual: table.equal.has(arm.name), values: values[index] ?? [] })),
    table.provisioned,
  )
  return table.arms.map(({ name: arm }, index) => {
    const [own = [], beside] = [values[index], against[index]]
    return { arm, values: own, silent: (byArm.get(arm) ?? []).length - own.length, ...(beside && { against: beside }) }
  })
}

function cellOf({ arm, values, silent, against }: Compared, column: Column, isBaseline: boolean): Packed {
  const { load, metric, places, band, minEffect } = column
  const { notes, ...judged } = judgeStanding({ values, isBaseline, band, minEffect, ...(against && { against }) })
  const quiet =
    silent === 0
      ? []
      : [
          `${count(silent, 'valid trial')} without a value: ${metric.silentBecause ?? `too few answers, or no observation${metric.needsIdle ? ' without load' : ''}`}.`,
        ]
  return {
    arm,
    load,
    metric: metric.info.name,
    values: packed(values, places.get(arm)),
    figures: {
      ...figuresOfCell(values, against, column),
      ...judged,
      notes: [...notes, ...quiet, ...errorNote(values)],
    },
  }
}

function errorNote(values: Values): string[] {
  const shares = values.flatMap(({ value, error = 0 }) => (error > 0 ? [error / Math.abs(value)] : []))
  if (shares.length === 0) return []
  const most = Math.max(...shares)
  const size = Number.isFinite(most) ? `up to ${formatShare(most)} of a value` : 'as large as the values'
  return [`The interval has in it the largest error of the counters of kubelets, ${size}.`]
}

/** A cell whose values are columns: as objects, those of 100,000 trials take more memory than all else of the trials. */
interface Packed extends Pick<Cell, 'arm' | 'load' | 'metric'> {
  readonly values: () => Values
  readonly figures: Omit<Cell, 'arm' | 'load' | 'metric' | 'values' | 'q'>
}

interface Places {
  readonly cohorts: Float64Array
  readonly blocks: Float64Array
}

function placesOf(all: readonly Pick<Trial, 'cohort' | 'block'>[]): Places {
  return {
    cohorts: Float64Array.from(all, ({ cohort }) => cohort),
    blocks: Float64Array.from(all, ({ block }) => block),
  }
}

/** `places`: of all trials of the arm, which are those of the values unless a trial has none. */
function packed(values: Values, places: Places | undefined): () => Values {
  const { cohorts, blocks } = places?.blocks.length === values.length ? places : placesOf(values)
  const numbers = Float64Array.from(values, ({ value }) => value)
  const errors = values.some(({ error }) => error !== undefined)
    ? Float64Array.from(values, ({ error = 0 }) => error)
    : undefined
  return () =>
    Array.from(numbers, (value, at) => {
      const error = errors?.[at] ?? 0
      return { cohort: cohorts[at] as number, block: blocks[at] as number, value, ...(error > 0 && { error }) }
    })
}

/** The values are made anew for whoever reads them. */
function unpacked({ arm, load, metric, values, figures }: Packed, q: number | undefined): Cell {
  return {
    arm,
    load,
    metric,
    get values() {
      return values()
    },
    ...figures,
    ...(q !== undefined && { q }),
  }
}

/** Computes q over all comparisons of the run but those of A/A pairs. `alone`: metrics outside of the family. */
function withQ(cells: readonly Packed[], { equal }: Table, alone: ReadonlySet<string>): Cell[] {
  const isTested = ({ arm, metric, figures: { p } }: Packed) => p !== undefined && !equal.has(arm) && !alone.has(metric)
  const tested = cells.filter(isTested)
  const adjusted = benjaminiHochberg(tested.map(({ figures: { p = 1 } }) => p))
  const q = new Map(tested.map((cell, index) => [cell, adjusted[index]]))
  return cells.map((cell) => unpacked(cell, q.get(cell)))
}
