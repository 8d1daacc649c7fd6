import { groupsOf } from '../analyse/rank-groups.ts'
import type { Cell, NoiseFloor, Ranking, Sweep } from '../model/analysis.ts'
import { type Arm, isSameArm } from '../model/scenario.ts'
import type { ArmStyle } from './arm-styles.ts'
import type { PageData } from './page-data.ts'
import { changesFigures, type PageState } from './page-state.ts'
import { bandOf, compared, equalIn, floorsOf, knownIn, type Sides } from './restate-cells.ts'
import { type View, viewOf } from './view.ts'

/**
 * The page as the reader wants it: with another baseline, or without some trials, figures are made again of the trials'
 * values by the functions that made the published ones. What is merged over trials (distributions, bills by component)
 * stays as it was. There is no q: a reader who looks around has no family of tests.
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

/** An arm and those that repeat it. */
function alike(arms: readonly Arm[], name: string): string[] {
  const arm = arms.find((one) => one.name === name)
  return [name, ...arms.flatMap((one) => (arm && one !== arm && isSameArm(one, arm) ? [one.name] : []))]
}

function roleOf({ name }: ArmStyle, { baseline, equal }: Sides): ArmStyle['role'] {
  return name === baseline ? 'baseline' : equal.has(name) ? 'twin' : 'other'
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

/** Its levels are those of the cells; where an arm stops keeping up was seen in all of its trials and stays. */
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
