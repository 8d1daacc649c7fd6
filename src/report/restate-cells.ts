import { type Against, type ArmValues, compareToBaseline } from '../analyse/against-baseline.ts'
import { figuresOfCell } from '../analyse/figures-of-cell.ts'
import { lentTo } from '../analyse/lending.ts'
import { noiseBand } from '../analyse/noise-floor.ts'
import { judgeStanding } from '../analyse/standing.ts'
import { disagreeingTwin } from '../analyse/twin.ts'
import { byBlock, equalArms, isGeometric, measure, pairUp } from '../analyse/within-blocks.ts'
import type { Cell, NoiseFloor } from '../model/analysis.ts'
import type { Arm } from '../model/scenario.ts'
import { exponential } from '../stats/interval.ts'

/** Who is compared with whom. */
export interface Sides {
  readonly baseline: string
  /** In the scenario's order. */
  readonly arms: readonly Arm[]
  /** Arms that repeat the baseline. */
  readonly equal: ReadonlySet<string>
  /**
   * The A/A pairs that tell the noise, the first arm with each other: those of the baseline, or those of the published
   * one where it has none, since what equal arms differ by in a run is no matter of who is compared with whom.
   */
  readonly twins: readonly string[]
  readonly provisioned: boolean
  /** As the scenario has it. */
  readonly minEffect: number | undefined
}

/** An arm of the run and what it measured. */
type Known = ArmValues & { readonly arm: Arm }

/** All arms under one load by one metric. */
export function knownIn(cells: readonly Cell[], { arms, equal }: Sides): Known[] {
  return arms.map((arm) => ({
    arm,
    isEqual: equal.has(arm.name),
    values: cells.find((cell) => cell.arm === arm.name)?.values ?? [],
  }))
}

/** `cells`: all arms under one load by one metric. */
export function floorsOf(cells: readonly Cell[], sides: Sides): NoiseFloor[] {
  const [first, ...rest] = sides.twins
  const known = knownIn(cells, sides)
  const pair = [first, ...rest].flatMap((name) => known.filter(({ arm }) => arm.name === name))
  const equal = pair.map((one, index) => ({ ...one, isEqual: index > 0 }))
  const against = compareToBaseline(equal, sides.provisioned)
  return pair.slice(1).flatMap(({ arm }, index) => {
    const [cell, ratio] = [cells.find((one) => one.arm === arm.name), against[index + 1]?.ratio?.estimate]
    return cell && ratio ? [{ load: cell.load, metric: cell.metric, arm: arm.name, ratio }] : []
  })
}

/** Likewise. */
export function compared(cells: readonly Cell[], noise: readonly NoiseFloor[], sides: Sides): Cell[] {
  const against = againstOf(cells, sides)
  const column = {
    base: cells.find(({ arm }) => arm === sides.baseline)?.values ?? [],
    geometric: isGeometric(cells.map(({ values }) => values)),
    band: bandOf(cells, noise),
  }
  return cells.map((cell) => cellOf(cell, against.get(cell.arm), column, sides))
}

function againstOf(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  return sides.twins[0] === sides.baseline ? againstTwin(cells, sides) : againstOther(cells, sides)
}

/** As the analysis does it: the baseline is one of the A/A pair. */
function againstTwin(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  const isBase = ({ arm }: Known) => Number(arm.name === sides.baseline)
  const inOrder = knownIn(cells, sides).toSorted((a, b) => isBase(b) - isBase(a))
  const found = compareToBaseline(inOrder, sides.provisioned)
  return new Map(inOrder.map(({ arm }, index) => [arm.name, found[index]]))
}

/** The baseline is no part of an A/A pair, and has what that pair knows all the same. */
function againstOther(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  const known = knownIn(cells, sides)
  const base = known.find(({ arm }) => arm.name === sides.baseline)
  const equal = equalIn(cells, sides)
  const geometric = isGeometric(known.map(({ values }) => values))
  return new Map(
    known.map(({ arm, values }) => {
      const paired = base && base.arm !== arm ? pairUp(byBlock(base.values), values, geometric) : undefined
      if (!base || !paired) return [arm.name, undefined]
      const robust = paired.logs && disagreeingTwin(paired.logs.flat())
      const measures = measure(paired, equal, { lent: lentTo(base.arm, arm, known) })
      return [arm.name, { ...measures, ...(robust && { robust: exponential(robust) }) }]
    }),
  )
}

/** What the A/A pairs show of one load and metric. */
export function equalIn(cells: readonly Cell[], { twins: [first, ...rest], provisioned }: Sides) {
  const base = byBlock(cells.find(({ arm }) => arm === first)?.values ?? [])
  const pairs = cells.filter(({ arm }) => rest.includes(arm)).flatMap(({ values }) => pairUp(base, values) ?? [])
  return equalArms(pairs, provisioned)
}

/** What the cells of one load and metric share. */
interface Column {
  readonly base: Cell['values']
  readonly geometric: boolean
  readonly band: number | undefined
}

function cellOf(cell: Cell, against: Against | undefined, column: Column, { baseline, minEffect }: Sides): Cell {
  const { arm, load, metric, values } = cell
  return {
    arm,
    load,
    metric,
    values,
    ...figuresOfCell(values, against, column),
    ...judgeStanding({
      values,
      isBaseline: arm === baseline,
      band: column.band,
      minEffect,
      ...(against && { against }),
    }),
  }
}

export function bandOf([cell]: readonly Cell[], noise: readonly NoiseFloor[]): number | undefined {
  const floors = noise.filter(({ load, metric }) => load === cell?.load && metric === cell?.metric)
  return floors.length === 0 ? undefined : noiseBand(floors)
}
