import { type Against, type ArmValues, compareToBaseline, figuresOfCell } from '../../compare/against-baseline.ts'
import { disagreeingRobustEstimate, pooledVarianceFor } from '../../compare/estimate.ts'
import { byBlock, equalArms, isGeometric, measure, pairUp } from '../../compare/pairs.ts'
import { groupsOf } from '../../compare/rank-groups.ts'
import { judgeStanding, noiseBand } from '../../compare/standing.ts'
import type { Cell, NoiseFloor, Ranking, Sweep } from '../../model/analysis.ts'
import { type Arm, isSameArm } from '../../model/scenario.ts'
import { exponential } from '../../stats/intervals.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { PageData } from './page-data.ts'
import { changesFigures, type PageState } from './page-state.ts'
import { type View, viewOf } from './view.ts'

/**
 * Recomputes the page for another baseline, or without some trials, from the values of trials with the functions that made
 * the published figures. Data merged over trials (distributions, costs by component) do not change. There is no q, since
 * an interactive view has no family of tests.
 */
export function restate(data: PageData, state: PageState): View {
  if (!changesFigures(state)) return viewOf(data, state)
  const sides = sidesOf(data, state)
  const isOut = excludedIn(data, state.excluded)
  const kept = data.cells.map((cell) => ({
    ...cell,
    values: cell.values.filter(({ block }) => !isOut(cell.arm, cell.load, block)),
  }))
  const costs = data.costs.filter(({ arm, load, block }) => !isOut(arm, load, block))
  const places = [...Map.groupBy(kept, ({ load, metric }) => JSON.stringify([load, metric])).values()]
  const noise = places.flatMap((cells) => floorsOf(cells, sides))
  const cells = places.flatMap((here) => compared(here, noise, sides))
  const arms = data.arms.map((style) => ({ ...style, role: roleOf(style, sides) }))
  const rankings = rankingsOf(data, cells, noise, sides)
  return viewOf(
    { ...data, arms, cells, costs, noise, rankings, sweeps: data.sweeps.map((one) => sweepOf(one, cells)) },
    state,
  )
}

function sidesOf({ arms: styles, definitions: arms, run }: PageData, state: PageState): Sides {
  const published = styles.find(({ role }) => role === 'baseline')?.name ?? ''
  const baseline = state.baseline ?? published
  const own = alike(arms, baseline)
  const twins = own.length > 1 ? own : alike(arms, published)
  return { baseline, arms, equal: new Set(own.slice(1)), twins, provisioned: run.provisioned, minEffect: run.minEffect }
}

/** An arm and the arms equal to it. */
function alike(arms: readonly Arm[], name: string): string[] {
  const arm = arms.find((one) => one.name === name)
  return [name, ...arms.flatMap((one) => (arm && one !== arm && isSameArm(one, arm) ? [one.name] : []))]
}

function roleOf({ name }: ArmStyle, { baseline, equal }: Sides): ArmStyle['role'] {
  return name === baseline ? 'baseline' : equal.has(name) ? 'repeat' : 'other'
}

/** Whether the reader leaves out the trial of an arm under a load in a block. */
function excludedIn({ trials }: PageData, excluded: readonly string[]) {
  const key = (arm: string, load: string, block: number) => JSON.stringify([arm, load, block])
  const ids = new Set(excluded)
  const out = new Set(trials.flatMap(({ id, arm, load, block }) => (ids.has(id) ? [key(arm, load, block)] : [])))
  return (arm: string, load: string, block: number) => out.has(key(arm, load, block))
}

function rankingsOf(data: PageData, all: readonly Cell[], noise: readonly NoiseFloor[], sides: Sides): Ranking[] {
  const names = new Set(data.rankings.map(({ metric }) => metric))
  const ranked = data.metrics.filter(({ name }) => names.has(name))
  return data.loads.flatMap(({ name: load }) =>
    ranked.flatMap(({ name: metric, better }): Ranking[] => {
      const here = all.filter((cell) => cell.load === load && cell.metric === metric)
      const contestants = here.filter(({ arm }) => arm !== sides.baseline && !sides.equal.has(arm))
      const least = { band: bandOf(here, noise), minEffect: sides.minEffect }
      const field = { better, equal: equalIn(here, sides), known: knownIn(here, sides), least }
      const groups = groupsOf(contestants, field)
      return groups.length === 0 ? [] : [{ load, metric, groups }]
    }),
  )
}

/** A curve with levels from the cells. Its knee was found in all trials and does not change. */
function sweepOf({ loads, curves }: Sweep, cells: readonly Cell[]): Sweep {
  const level = (arm: string, load: string, metric: string) =>
    cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)?.estimate
  return {
    loads,
    curves: curves.map(({ points, ...curve }) => ({
      ...curve,
      points: points.map(({ load, rate }) => {
        const [throughput, p50, p99] = ['throughput', 'p50', 'p99'].map((metric) => level(curve.arm, load, metric))
        return { load, rate, ...(throughput && { throughput }), ...(p50 && { p50 }), ...(p99 && { p99 }) }
      }),
    })),
  }
}

/** Which arms are compared. */
interface Sides {
  readonly baseline: string
  /** In the scenario's order. */
  readonly arms: readonly Arm[]
  /** Arms that repeat the baseline. */
  readonly equal: ReadonlySet<string>
  /**
   * The A/A pairs that show the noise, each with the same first arm: those of the chosen baseline, or those of the published
   * baseline if it has none, since the noise of a run does not depend on the baseline.
   */
  readonly twins: readonly string[]
  readonly provisioned: boolean
  /** As the scenario has it. */
  readonly minEffect: number | undefined
}

/** An arm of the run and what it measured. */
type Known = ArmValues & { readonly arm: Arm }

/** All arms under one load by one metric. */
function knownIn(cells: readonly Cell[], { arms, equal }: Sides): Known[] {
  return arms.map((arm) => ({
    arm,
    isEqual: equal.has(arm.name),
    values: cells.find((cell) => cell.arm === arm.name)?.values ?? [],
  }))
}

/** `cells`: all arms under one load by one metric. */
function floorsOf(cells: readonly Cell[], sides: Sides): NoiseFloor[] {
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
function compared(cells: readonly Cell[], noise: readonly NoiseFloor[], sides: Sides): Cell[] {
  const against = againstOf(cells, sides)
  const column = {
    base: cells.find(({ arm }) => arm === sides.baseline)?.values ?? [],
    geometric: isGeometric(cells.map(({ values }) => values)),
    band: bandOf(cells, noise),
  }
  return cells.map((cell) => cellOf(cell, against.get(cell.arm), column, sides))
}

function againstOf(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  return sides.twins[0] === sides.baseline ? againstRobust(cells, sides) : againstOther(cells, sides)
}

/** As the analysis does it: the baseline is one of the A/A pair. */
function againstRobust(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  const isBase = ({ arm }: Known) => Number(arm.name === sides.baseline)
  const inOrder = knownIn(cells, sides).toSorted((a, b) => isBase(b) - isBase(a))
  const found = compareToBaseline(inOrder, sides.provisioned)
  return new Map(inOrder.map(({ arm }, index) => [arm.name, found[index]]))
}

/** The baseline is not part of an A/A pair, but the noise of that pair applies. */
function againstOther(cells: readonly Cell[], sides: Sides): ReadonlyMap<string, Against | undefined> {
  const known = knownIn(cells, sides)
  const base = known.find(({ arm }) => arm.name === sides.baseline)
  const equal = equalIn(cells, sides)
  const geometric = isGeometric(known.map(({ values }) => values))
  return new Map(
    known.map(({ arm, values }) => {
      const paired = base && base.arm !== arm ? pairUp(byBlock(base.values), values, geometric) : undefined
      if (!base || !paired) return [arm.name, undefined]
      const robust = paired.logs && disagreeingRobustEstimate(paired.logs.flat())
      const measures = measure(paired, equal, { pooled: pooledVarianceFor(base.arm, arm, known) })
      return [arm.name, { ...measures, ...(robust && { robust: exponential(robust) }) }]
    }),
  )
}

/** What the A/A pairs show of one load and metric. */
function equalIn(cells: readonly Cell[], { twins: [first, ...rest], provisioned }: Sides) {
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

function bandOf([cell]: readonly Cell[], noise: readonly NoiseFloor[]): number | undefined {
  const floors = noise.filter(({ load, metric }) => load === cell?.load && metric === cell?.metric)
  return floors.length === 0 ? undefined : noiseBand(floors)
}
