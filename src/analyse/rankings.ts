import type { Analysis, Cell, MetricInfo, NoiseFloor, Ranking } from '../model/analysis.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import type { Known } from './lending.ts'
import { metrics } from './metrics.ts'
import { noiseBand } from './noise-floor.ts'
import { type Field, groupsOf } from './rank-groups.ts'
import { byBlock, equalArms, pairUp } from './within-blocks.ts'

/** What arms are ranked by, under every load. */
export const RANKED: ReadonlySet<string> = new Set([
  'p50',
  'p90',
  'p99',
  'p999',
  'throughput',
  'mesh-cpu',
  'mesh-memory',
])

/** Who is who in a scenario. */
interface Roles {
  readonly baseline: string
  /** Names of the arms that repeat the baseline. */
  readonly equal: ReadonlySet<string>
  /** Whether cohorts are clusters. */
  readonly provisioned: boolean
  readonly arms: Scenario['arms']
}

/**
 * The arms that are neither the baseline nor a repeat of it, under each load by each headline metric. Arms without a
 * value are left out, and so are rankings of none.
 */
export function rankingsOf(
  scenario: Scenario,
  { cells, noise }: Pick<Analysis, 'cells' | 'noise'>,
  { provisioned }: Pick<Roles, 'provisioned'>,
): Ranking[] {
  const roles = rolesIn(scenario, provisioned)
  const ranked = metrics.flatMap(({ info }) => (RANKED.has(info.name) ? [info] : []))
  const cellsAt = Map.groupBy(cells, placeOf)
  const floorsAt = Map.groupBy(noise, placeOf)
  return scenario.loads.flatMap(({ name: load }) =>
    ranked.flatMap((metric): Ranking[] => {
      const place = placeOf({ load, metric: metric.name })
      const here = cellsAt.get(place) ?? []
      const contestants = here.filter(({ arm }) => arm !== roles.baseline && !roles.equal.has(arm))
      const groups = groupsOf(contestants, fieldOf(metric, here, floorsAt.get(place), roles))
      return groups.length === 0 ? [] : [{ load, metric: metric.name, groups }]
    }),
  )
}

function rolesIn(scenario: Scenario, provisioned: boolean): Roles {
  const baseline = baselineOf(scenario)
  const equal = scenario.arms.slice(1).filter((arm) => isSameArm(arm, baseline))
  return { baseline: baseline.name, equal: new Set(equal.map(({ name }) => name)), provisioned, arms: scenario.arms }
}

/** The noise of the A/A pairs is that of any two arms of the run, not only of the baseline and another. */
function fieldOf(
  { better }: MetricInfo,
  here: readonly Cell[],
  floors: readonly NoiseFloor[] | undefined,
  { baseline, equal, provisioned, arms }: Roles,
): Field {
  const base = byBlock(here.find(({ arm }) => arm === baseline)?.values ?? [])
  const pairs = here.filter(({ arm }) => equal.has(arm)).flatMap(({ values }) => pairUp(base, values) ?? [])
  const known = arms.map((arm): Known => ({ arm, values: here.find((cell) => cell.arm === arm.name)?.values ?? [] }))
  return { better, equal: equalArms(pairs, provisioned), known, band: floors && noiseBand(floors) }
}

function placeOf({ load, metric }: Pick<NoiseFloor, 'load' | 'metric'>): string {
  return JSON.stringify([load, metric])
}
