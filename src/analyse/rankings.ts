import type { Known } from '../compare/estimate.ts'
import { byBlock, equalArms, pairUp } from '../compare/pairs.ts'
import { type Field, groupsOf } from '../compare/rank-groups.ts'
import { noiseBand } from '../compare/standing.ts'
import { meshes } from '../meshes/index.ts'
import type { Analysis, Cell, MetricInfo, NoiseFloor, Ranking, RunRecord } from '../model/analysis.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { traitsOf } from '../model/traits.ts'
import { list } from '../model/words.ts'
import { metrics } from './metrics.ts'

const RANKED: ReadonlySet<string> = new Set(SHOWN.rankings)

/** The roles of arms in a scenario. */
interface Roles {
  readonly baseline: string
  /** Names of the arms equal to the baseline. */
  readonly equal: ReadonlySet<string>
  /** Whether cohorts are clusters. */
  readonly provisioned: boolean
  readonly arms: Scenario['arms']
  readonly minEffect: number | undefined
}

/**
 * Ranks the arms, without the baseline and arms equal to it, under each load by each headline metric. Arms without a value
 * and empty rankings are left out.
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
  const { arms, minEffect } = scenario
  return { baseline: baseline.name, equal: new Set(equal.map(({ name }) => name)), provisioned, arms, minEffect }
}

/** The noise of A/A pairs applies to any two arms of the run, not only to comparisons with the baseline. */
function fieldOf(
  { better }: MetricInfo,
  here: readonly Cell[],
  floors: readonly NoiseFloor[] | undefined,
  { baseline, equal, provisioned, arms, minEffect }: Roles,
): Field {
  const base = byBlock(here.find(({ arm }) => arm === baseline)?.values ?? [])
  const pairs = here.filter(({ arm }) => equal.has(arm)).flatMap(({ values }) => pairUp(base, values) ?? [])
  const known = arms.map((arm): Known => ({ arm, values: here.find((cell) => cell.arm === arm.name)?.values ?? [] }))
  return {
    better,
    equal: equalArms(pairs, provisioned),
    known,
    least: { band: floors && noiseBand(floors), minEffect },
  }
}

function placeOf({ load, metric }: Pick<NoiseFloor, 'load' | 'metric'>): string {
  return JSON.stringify([load, metric])
}

/**
 * Why ranks are not shown: an arm is not a released product. Undefined otherwise. Mirrors keep the tags and charts of a
 * release; custom builds usually do not.
 */
export function unrankedReason({ run, results, installations = [] }: RunRecord): string | undefined {
  const meshed = run.plan.scenario.arms.filter(({ mesh }) => (meshes[mesh]?.layer ?? 'none') !== 'none')
  if (meshed.length === 0) return undefined
  const { unranked } = traitsOf(run.provenance.platform) ?? {}
  if (unranked !== undefined) return unranked
  const builds = meshed.flatMap(({ name }) => {
    const version = installations.find(({ arm }) => arm === name)?.version ?? ''
    const tags = tagsOf(name, results).filter((tag) => !tag.includes(version.replace(/^v/, '')))
    const charts = installations
      .filter(({ arm }) => arm === name)
      .flatMap(({ parts }) => parts.flatMap(({ chart }) => chart?.appVersion ?? []))
      .filter((release) => release.replace(/^v/, '') !== version.replace(/^v/, ''))
    return [...tags.map((tag) => `images tagged ${tag}`), ...charts.map((release) => `charts of ${release}`)]
      .slice(0, 1)
      .map((what) => ({ name, what }))
  })
  if (builds.length === 0) return undefined
  const groups = [...Map.groupBy(builds, ({ what }) => what)]
  const which = groups.map(([what, those]) => `${list(those.map(({ name }) => name))} ran ${what}`)
  return `these are not the released images: ${which.join('; ')}`
}

/** Tags of the images in an arm's pods; a reference by digest only has none. */
function tagsOf(arm: string, results: RunRecord['results']): string[] {
  const seen = results.flatMap(({ trial, outcome }) =>
    trial.arm === arm && outcome.status === 'measured'
      ? outcome.reading.observation.evidence.flatMap(({ name, seen: text }) => (name === 'image' ? [text] : []))
      : [],
  )
  const images = [...new Set(seen)].flatMap((text) => text.split('; ').map((one) => /: (\S+)/.exec(one)?.[1] ?? ''))
  return [...new Set(images.flatMap((image) => /[^/]:([\w.-]+)$/.exec(image.split('@')[0] ?? '')?.[1] ?? []))]
}
