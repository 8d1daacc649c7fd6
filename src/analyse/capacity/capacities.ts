import { capacityOf, standing } from '../../capacity/search.ts'
import type { CapacityOfLoad, CapacitySearch, CapacityTrial, JudgedTrial } from '../../model/analysis.ts'
import { type Plan, plannedId, type Trial, trialsOf } from '../../model/plan.ts'
import { metrics } from '../metrics.ts'
import { capacityTrial } from './goal.ts'
import { isSearched } from './searches.ts'

/** The capacities that a run searched, and what the comparison of arms reads of them. */
export interface Searched {
  readonly capacities: readonly CapacityOfLoad[]
  /** One for each search that found a capacity: its values by metric, in the order of the registry, NaN where it has none. */
  readonly rows: readonly { readonly trial: Trial; readonly values: readonly number[] }[]
  /** Ids of planned trials whose search has not ended. */
  readonly open: readonly string[]
  /** Those of all searches. */
  readonly planned: ReadonlySet<string>
}

export function capacitiesIn(plan: Plan, trials: readonly JudgedTrial[]): Searched {
  const byPlanned = Map.groupBy(
    trials.filter(({ result }) => result.trial.step),
    ({ result }) => plannedId(result.trial.id),
  )
  const planned = trialsOf(plan)
  const rows: { trial: Trial; values: number[] }[] = []
  const open: string[] = []
  const all = new Set<string>()
  const capacities = plan.scenario.loads.filter(isSearched).map((load): CapacityOfLoad => {
    const goal = load.capacity
    const searches = planned
      .filter((trial) => trial.load === load.name)
      .map((trial): CapacitySearch => {
        const seen = (byPlanned.get(trial.id) ?? []).map((judged) => capacityTrial(judged, goal))
        const state = standing(load, seen, goal.min)
        const search = searchOf(trial, seen, state, load.warmup)
        all.add(trial.id)
        if (state.ended === undefined) open.push(trial.id)
        if (search.capacity !== undefined) rows.push({ trial, values: valuesOf(search) })
        return search
      })
    return { load: load.name, goal, searches }
  })
  return { capacities, rows, open, planned: all }
}

function searchOf(
  { arm, cohort, block }: Trial,
  trials: readonly CapacityTrial[],
  state: ReturnType<typeof standing>,
  warmup: number,
): CapacitySearch {
  const { next: _, ...bounds } = state
  const capacity = capacityOf(state)
  const atLower = trials
    .filter(({ rate, finding }) => rate === bounds.lower && finding === 'under')
    .toSorted((a, b) => b.duration - a.duration || (a.answered ?? 0) - (b.answered ?? 0))[0]
  return {
    arm,
    cohort,
    block,
    ...bounds,
    ...(capacity !== undefined && { capacity }),
    ...(atLower?.answered !== undefined && { throughput: atLower.answered }),
    ...(atLower?.cores !== undefined && { cores: atLower.cores }),
    seconds: trials.reduce((sum, { duration }) => sum + duration + warmup, 0),
    trials,
  }
}

function valuesOf(search: CapacitySearch): number[] {
  return metrics.map(({ ofSearch }) => (ofSearch && search[ofSearch]) ?? Number.NaN)
}
