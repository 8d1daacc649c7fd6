import { capacityOf, type Probe, type Searched, standing, startingRate } from '../../capacity/search.ts'
import type { JudgedTrial } from '../../model/analysis.ts'
import { type Plan, plannedId, type Trial, trialAt, trialsOf } from '../../model/plan.ts'
import type { Result } from '../../model/result.ts'
import type { Load, Scenario } from '../../model/scenario.ts'
import type { PerSecond } from '../../model/units.ts'
import { random } from '../../stats/random.ts'
import { judgeTrial } from '../judge-trial.ts'
import { findingOf } from './goal.ts'

/** A planned trial that is a search, with the trials that it has had. */
interface Search {
  readonly planned: Trial
  readonly load: Load & Searched
  readonly probes: Probe[]
  /** Number of its last trial. */
  last: number
}

export function isSearched(load: Load | undefined): load is Load & Searched {
  return load?.capacity !== undefined
}

/** The searches of a plan, by their id, with the trials that are there already. */
function searchesIn(plan: Plan, told: readonly JudgedTrial[]): Map<string, Search> {
  const loads = new Map(plan.scenario.loads.map((load) => [load.name, load]))
  const searches = new Map(
    trialsOf(plan).flatMap((planned): [string, Search][] => {
      const load = loads.get(planned.load)
      return isSearched(load) ? [[planned.id, { planned, load, probes: [], last: 0 }]] : []
    }),
  )
  for (const judged of told) add(searches, judged)
  return searches
}

function add(searches: Map<string, Search>, judged: JudgedTrial): void {
  const { id, step } = judged.result.trial
  const search = searches.get(plannedId(id))
  if (!search || !step) return
  search.probes.push({ rate: step.rate, duration: step.duration, finding: findingOf(judged, search.load.capacity) })
  search.last = Math.max(search.last, step.number)
}

/** Decides the trials of a run's searches while it goes on. */
export interface OpenSearches {
  includes(planned: Trial): boolean
  next(search: Trial): Trial | undefined
  tell(result: Result): void
  /** Ids of the planned trials that are searches and have ended. */
  ended(): string[]
}

/** `told`: the trials that the run has had already; `judge`: by which rules. Undefined where nothing is searched. */
export function openSearches(
  plan: Plan,
  told: readonly JudgedTrial[] = [],
  judge: typeof judgeTrial = judgeTrial,
): OpenSearches | undefined {
  const searches = searchesIn(plan, told)
  if (searches.size === 0) return undefined
  const nextOf = (search: Search) =>
    standing(search.load, search.probes, search.probes.length > 0 ? 0 : startOf(search, searches, plan.scenario)).next
  return {
    includes: ({ id }) => searches.has(id),
    next: ({ id }) => {
      const search = searches.get(id)
      const next = search && nextOf(search)
      return next && trialAt(search.planned, { number: search.last + 1, ...next })
    },
    tell: (result) => add(searches, judge(result, plan)),
    ended: () => [...searches.values()].filter((search) => !nextOf(search)).map(({ planned }) => planned.id),
  }
}

/** Near what earlier searches found for the arm, or the last one for any arm. */
function startOf({ planned, load }: Search, searches: ReadonlyMap<string, Search>, { seed }: Scenario): PerSecond {
  const before = [...searches.values()].filter(
    ({ planned: { load, order } }) => load === planned.load && order < planned.order,
  )
  const own = capacitiesOf(before.filter(({ planned: { arm } }) => arm === planned.arm))
  const found = own.length > 0 ? geometricMean(own) : capacitiesOf(before).at(-1)
  return startingRate(load, found, random(seed, 'capacity', planned.id))
}

function capacitiesOf(searches: readonly Search[]): PerSecond[] {
  return searches.flatMap(({ load, probes }) => capacityOf(standing(load, probes, 0)) ?? [])
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
