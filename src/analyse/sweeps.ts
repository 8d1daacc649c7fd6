import type { Analysis, Cell, JudgedTrial, Sweep, SweepCurve } from '../model/analysis.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import type { PerSecond } from '../model/units.ts'
import { kneeOf, type Step } from './knee.ts'

/** Two rates are a difference; a third one shows where a curve bends. */
const LEAST_RATES = 3

/** What a curve shows at every rate. */
const SHOWN = ['throughput', 'p50', 'p99'] as const

type Rated = Load & { readonly rate: PerSecond }

/** What every arm does as the rate grows, for each family of loads that differ in nothing but name and rate. */
export function sweepsOf(scenario: Scenario, { cells, trials }: Pick<Analysis, 'cells' | 'trials'>): Sweep[] {
  const cellsOf = Map.groupBy(cells, ({ arm, load }) => JSON.stringify([arm, load]))
  const trialsOf = Map.groupBy(trials, ({ result: { trial } }) => JSON.stringify([trial.arm, trial.load]))
  return families(scenario.loads).map((loads) => ({
    loads: loads.map(({ name }) => name),
    curves: scenario.arms.map(({ name: arm }) => {
      const steps = loads.map((load) => {
        const key = JSON.stringify([arm, load.name])
        return stepOf(load, cellsOf.get(key) ?? [], trialsOf.get(key) ?? [])
      })
      return curveOf(arm, steps)
    }),
  }))
}

/** Slowest first. A closed loop has no rate that could grow. */
function families(loads: readonly Load[]): Rated[][] {
  const rated = loads.flatMap((load): Rated[] => (load.rate === 'max' ? [] : [{ ...load, rate: load.rate }]))
  const alike = Map.groupBy(rated, shapeOf)
  return [...alike.values()]
    .filter((family) => new Set(family.map(({ rate }) => rate)).size >= LEAST_RATES)
    .map((family) => family.toSorted((a, b) => a.rate - b.rate))
}

function shapeOf({ name: _name, rate: _rate, ...shape }: Rated): string {
  return JSON.stringify(Object.entries(shape).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function stepOf({ name, rate }: Rated, cells: readonly Cell[], trials: readonly JudgedTrial[]): Step {
  const estimates = SHOWN.flatMap((metric) => {
    const estimate = cells.find((cell) => cell.metric === metric)?.estimate
    return estimate ? [[metric, estimate] as const] : []
  })
  return { load: name, rate, ...Object.fromEntries(estimates), trials }
}

function curveOf(arm: string, steps: readonly Step[]): SweepCurve {
  const knee = kneeOf(steps)
  return { arm, points: steps.map(({ trials: _, ...point }) => point), ...(knee && { knee }) }
}
