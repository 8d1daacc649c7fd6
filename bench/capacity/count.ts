import { findingOf } from '../../src/analyse/capacity/goal.ts'
import type { Estimate, JudgedTrial } from '../../src/model/analysis.ts'
import { geometricInterval } from '../../src/stats/intervals.ts'
import { oneRun } from './one-run.ts'
import { GOAL, GRID, SEARCHED, scenarioWith } from './setting.ts'

/** What came of one run: the intervals, and what it took. */
export interface Counted {
  readonly capacity: Readonly<Record<'none' | 'mesh', Estimate>>
  /** Of the searches only. */
  readonly ratio?: Estimate | undefined
  /** Of all searches together: time under load, time of trials that were over, trials, and how many ended with both bounds. */
  readonly seconds: number
  readonly overSeconds: number
  readonly trials: number
  readonly ended: number
  readonly searches: number
}

const NONE: Estimate = { center: Number.NaN, n: 0 }

export async function countSearch(seed: number): Promise<Counted> {
  const analysis = await oneRun(scenarioWith(seed, SEARCHED))
  const cellOf = (arm: string) => analysis.cells.find((cell) => cell.arm === arm && cell.metric === 'capacity')
  const searches = analysis.capacities.flatMap((one) => one.searches)
  const trials = searches.flatMap((search) => search.trials)
  const isOver = ({ finding }: { readonly finding: string }) => finding === 'over' || finding === 'far-over'
  return {
    capacity: { none: cellOf('none')?.estimate ?? NONE, mesh: cellOf('mesh')?.estimate ?? NONE },
    ratio: cellOf('mesh')?.ratio,
    seconds: sum(searches.map(({ seconds }) => seconds)),
    overSeconds: sum(trials.filter(isOver).map(({ duration }) => duration)),
    trials: trials.length,
    ended: searches.filter(({ ended }) => ended === 'width').length,
    searches: searches.length,
  }
}

/** Rates further from the truth than by this factor are over or under in any case, and need not be simulated. */
const NEAR = 1.4

/** The same by a grid: in every block the rates between the highest that met the goal below the lowest that missed it. */
export async function countGrid(
  seed: number,
  truth: Readonly<Record<'none' | 'mesh', number>>,
): Promise<Pick<Counted, 'capacity'>> {
  const near = GRID.filter(({ rate }) => Object.values(truth).some((one) => rate < one * NEAR && rate > one / NEAR))
  const { trials } = await oneRun(scenarioWith(seed, near))
  const rateOf = new Map(near.map(({ name, rate }) => [name, rate]))
  const capacityOf = (arm: string): Estimate => {
    const blocks = Map.groupBy(
      trials.filter(({ result }) => result.trial.arm === arm),
      ({ result }) => result.trial.block,
    )
    return geometricInterval([...blocks.values()].flatMap((block) => kneeOf(block, rateOf) ?? [])) ?? NONE
  }
  return { capacity: { none: capacityOf('none'), mesh: capacityOf('mesh') } }
}

function kneeOf(trials: readonly JudgedTrial[], rateOf: ReadonlyMap<string, number>): number | undefined {
  const seen = trials
    .map((judged) => ({
      rate: rateOf.get(judged.result.trial.load) ?? 0,
      // An overloaded trial is invalid where it is no part of a search.
      isUnder: judged.status === 'valid' && findingOf(judged, GOAL) === 'under',
    }))
    .toSorted((a, b) => a.rate - b.rate)
  const broke = seen.findIndex(({ isUnder }) => !isUnder)
  const [lower, upper] = [seen[broke - 1], seen[broke]]
  return lower && upper ? Math.sqrt(lower.rate * upper.rate) : undefined
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
