import type { Analysis, Cell } from '../model/analysis.ts'
import { ONE_TAIL } from '../model/confidence.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import type { Installation, InstalledPart } from '../model/installation.ts'
import { blockCount } from '../model/plan.ts'
import type { Run } from '../model/result.ts'
import { type Arm, baselineOf, type Load } from '../model/scenario.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { VERSION_EVIDENCE } from '../model/usage.ts'
import { count, list } from '../model/words.ts'
import { holm } from '../stats/multiplicity.ts'
import {
  type Contrast,
  type Discrepancy,
  hasControl,
  type Measures,
  pairedContrast,
  type Side,
  type SidesCompared,
  unpairedContrast,
} from './contrast.ts'
import { provisioningsOf } from './standing.ts'

/** Chance of any false claim among all that are compared: what one interval leaves over. */
const FAMILY = 2 * ONE_TAIL

/**
 * Compares each side of A with its side of B. Arms of one run are paired within blocks. Runs made at different times are
 * not paired: everything that changed between them is in every figure, and a caution says this.
 */
export function compareSides(
  sides: readonly (readonly [Side, Side])[],
  metrics: readonly string[] = SHOWN.compare,
): SidesCompared {
  const [first] = sides
  if (!first) throw new Failure('not-comparable', 'the two runs have no arm in common', { remedy: NAME_ARMS })
  const [a, b] = [first[0].analysis, first[1].analysis]
  const isPaired = a.record.run.id === b.record.run.id
  if (!isPaired) refuse(forbidding(a, b))
  const contrasts = sides.flatMap(([one, other]) =>
    sharedLoads(a, b).flatMap((load) => metrics.flatMap((metric) => contrast(one, other, load, metric, isPaired))),
  )
  return {
    method: isPaired ? 'paired' : 'unpaired',
    contrasts: decide(contrasts),
    changed: isPaired ? [] : changedBetween(a, b, sides),
    cautions: [...(isPaired ? pairedCautions(a) : unpairedCautions(a, b)), ...invalidities(isPaired ? [a] : [a, b])],
  }
}

const NAME_ARMS = 'Name an arm of each: meshbench compare RUN:ARM RUN:ARM'

function refuse(found: readonly Discrepancy[]): void {
  if (found.length === 0) return
  throw new Failure('not-comparable', 'these runs cannot be compared: their measurements differ', {
    cause: found.map(({ what, a, b }) => `${what}: ${a} in A, ${b} in B`).join('; '),
    remedy: 'Measure both with the same scenario on the same kind of machine, or better as two arms of one run.',
  })
}

function contrast(a: Side, b: Side, load: string, metric: string, isPaired: boolean): Contrast[] {
  const [cellA, cellB] = [cellOf(a, load, metric), cellOf(b, load, metric)]
  if (!cellA || !cellB) return []
  const measures: Measures = isPaired ? pairedContrast(a.analysis, cellA, cellB) : unpairedContrast(a, cellA, b, cellB)
  return [{ load, metric, armA: a.arm, armB: b.arm, ...measures }]
}

function cellOf({ analysis, arm }: Side, load: string, metric: string): Cell | undefined {
  return analysis.cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)
}

/** Allows `higher` or `lower` only where p, adjusted for the whole family of comparisons, is small enough. */
function decide(contrasts: readonly Contrast[]): Contrast[] {
  const tested = contrasts.filter(({ p }) => p !== undefined)
  const adjusted = holm(tested.map(({ p }) => p ?? 1))
  return contrasts.map((one) => {
    const place = tested.indexOf(one)
    const p = adjusted[place]
    if (p === undefined) return one
    if (p <= FAMILY || (one.standing !== 'higher' && one.standing !== 'lower')) return { ...one, adjusted: p }
    const note = `The difference is significant alone, but not among ${count(tested.length, 'comparison')}; more blocks or fewer --metrics would decide.`
    return { ...one, adjusted: p, standing: 'undecided', notes: [...one.notes, note] }
  })
}

function pairedCautions({ record }: Analysis): string[] {
  if (record.run.plan.cohorts.length > 1) return []
  return ['All blocks ran on one provisioning: the difference may be one between provisionings.']
}

function unpairedCautions(a: Analysis, b: Analysis): string[] {
  const onlyIn = [only(a, b, 'A'), only(b, a, 'B')].flat()
  return [
    'The runs were made at different times: everything that changed between them is part of every difference, and the intervals do not include it. To claim a difference, measure both as arms of one run.',
    ...(hasControl(a, b) ? [] : ['The runs have no common baseline that shows whether the machine changed.']),
    ...sharedClusters(a, b),
    ...onlyIn,
  ]
}

/** A caution where runs share clusters, as with `--keep`: they then differ less than two provisionings do. */
function sharedClusters(a: Analysis, b: Analysis): string[] {
  const others = provisioningsOf(b.trials)
  const shared = [...provisioningsOf(a.trials)].filter((one) => others.has(one))
  if (shared.length === 0) return []
  return [
    `Both runs were measured on ${shared.length === 1 ? 'the same cluster' : `the same ${count(shared.length, 'cluster')}`} (${list(shared)}): they agree better than two provisionings would, so the intervals are too narrow for other clusters.`,
  ]
}

function only(one: Analysis, other: Analysis, name: string): string[] {
  const { arms, loads } = one.record.run.plan.scenario
  const { arms: otherArms, loads: otherLoads } = other.record.run.plan.scenario
  const missing = [
    ...arms.flatMap((arm) => (otherArms.some(({ name }) => name === arm.name) ? [] : [`arm ${arm.name}`])),
    ...loads.flatMap((load) => (otherLoads.some(({ name }) => name === load.name) ? [] : [`load ${load.name}`])),
  ]
  return missing.length === 0 ? [] : [`Only in ${name}, and compared only if named: ${list(missing)}.`]
}

/** Problems of the analyses themselves that forbid comparison. */
function invalidities(analyses: readonly Analysis[]): string[] {
  return analyses.flatMap(({ record, problems }) =>
    problems
      .filter(({ severity }) => severity === 'invalid')
      .map(({ cause, effect }) => `Run ${record.run.id}: ${cause} ${effect}`),
  )
}

type Facts = Readonly<Record<string, string>>

/** Differences that forbid the comparison of two runs: the kind of machine, the profile, or the load. */
function forbidding(a: Analysis, b: Analysis): Discrepancy[] {
  const shared = sharedLoads(a, b)
  return [
    ...differing(groundOf(a.record.run), groundOf(b.record.run)),
    ...(shared.length === 0 ? [{ what: 'loads', a: loadNames(a), b: loadNames(b) }] : []),
    ...shared.flatMap((name) => differing(loadFacts(a, name), loadFacts(b, name))),
  ]
}

/** Other differences between two runs: the likely causes of a change. Of arms, those that a figure is made of. */
function changedBetween(a: Analysis, b: Analysis, sides: readonly (readonly [Side, Side])[]): Discrepancy[] {
  const compared = sides.map(([one, other]) => [one.arm, other.arm] as const)
  const pairs = [...controlOf(a, b, compared), ...compared]
  const titles = (side: 0 | 1): Titles =>
    new Map(pairs.map((pair) => [pair[side], pair[0] === pair[1] ? pair[0] : pair.join(' and ')]))
  return differing(factsOf(a, titles(0)), factsOf(b, titles(1)))
}

/** The baseline of both runs, where it shows whether the machine changed: it is part of every figure then. */
function controlOf(a: Analysis, b: Analysis, compared: readonly (readonly [string, string])[]): [string, string][] {
  if (!hasControl(a, b)) return []
  const [one, other] = [baselineOf(a.record.run.plan.scenario).name, baselineOf(b.record.run.plan.scenario).name]
  return compared.some((pair) => pair[0] === one || pair[1] === other) ? [] : [[one, other]]
}

/** How the arms that are compared are called, by their names in one run. */
type Titles = ReadonlyMap<string, string>

/** Names of the loads that both have. */
function sharedLoads(a: Analysis, b: Analysis): string[] {
  const others = new Set(loadsOf(b).map(({ name }) => name))
  return loadsOf(a).flatMap(({ name }) => (others.has(name) ? [name] : []))
}

function factsOf(analysis: Analysis, titles: Titles): Facts {
  const { run, installations } = analysis.record
  return {
    ...seenFacts(analysis, titles),
    ...versionFacts(run, titles),
    ...installationFacts(titles, installations),
  }
}

/** The versions and images that valid trials of each arm saw. An arm that names no version runs what was current. */
function seenFacts({ trials }: Analysis, titles: Titles): Facts {
  const seen = trials.flatMap(({ result: { trial, outcome }, status }) => {
    const title = titles.get(trial.arm)
    if (title === undefined || status !== 'valid' || outcome.status !== 'measured') return []
    return outcome.reading.observation.evidence.flatMap(({ name, seen }) =>
      VERSION_EVIDENCE.has(name) ? [{ what: `arm ${title}: ${name} seen`, seen }] : [],
    )
  })
  const byName = Map.groupBy(seen, ({ what }) => what)
  return Object.fromEntries(
    [...byName].map(([what, all]) => [what, [...new Set(all.map(({ seen }) => seen))].toSorted().join(' and ')]),
  )
}

function groundOf({ plan, provenance }: Run): Facts {
  return {
    platform: provenance.platform,
    profile: plan.scenario.profile,
    isolation: plan.scenario.isolation ?? 'default of the platform',
    ...machineClass(provenance.machine),
  }
}

function loadFacts(analysis: Analysis, name: string): Facts {
  const load = loadsOf(analysis).find((one) => one.name === name)
  const facts = Object.entries(load ?? {}).filter(([key]) => key !== 'name')
  return Object.fromEntries([
    ...facts.map(([key, value]) => [
      `load ${name}: ${key}`,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
    [`load ${name}: generator`, generatorVersions(analysis, name)],
  ])
}

/** Versions of the load tool that valid trials saw. */
function generatorVersions({ trials }: Analysis, load: string): string {
  const seen = trials.flatMap(({ result: { trial, outcome }, status }) =>
    status === 'valid' && trial.load === load && outcome.status === 'measured'
      ? (outcome.reading.generator.version ?? 'unknown')
      : [],
  )
  return list([...new Set(seen)].toSorted()) || 'unknown'
}

function versionFacts({ plan, provenance }: Run, titles: Titles): Facts {
  const { machine, tools, git, meshbench, node } = provenance
  return {
    meshbench,
    node,
    'operating system': machine.os,
    kernel: machine.kernel,
    ...(git && { commit: git.commit + (git.dirty ? ' with changes' : '') }),
    ...Object.fromEntries(
      tools.map(({ name, version, sha256 }) => [name, [version, sha256?.slice(0, 12)].filter(Boolean).join(' ')]),
    ),
    ...Object.fromEntries(plan.scenario.arms.flatMap((arm) => armFacts(arm, titles.get(arm.name)))),
    cohorts: String(plan.cohorts.length),
    blocks: String(blockCount(plan)),
  }
}

/** What was asked for of an arm, each setting by itself, so that a changed version is not lost among its values. */
function armFacts({ name: _, ...settings }: Arm, title: string | undefined): [string, string][] {
  if (title === undefined) return []
  return Object.entries(settings).map(([key, value]) => [
    `arm ${title}: ${key}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
}

function differing(a: Facts, b: Facts): Discrepancy[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names.flatMap((what) => {
    const [one, other] = [a[what] ?? 'absent', b[what] ?? 'absent']
    return one === other ? [] : [{ what, a: one, b: other }]
  })
}

function loadsOf({ record }: Analysis): readonly Load[] {
  return record.run.plan.scenario.loads
}

function loadNames(analysis: Analysis): string {
  return list(loadsOf(analysis).map(({ name }) => name))
}

/** The installed parts in each arm's cluster, so that a difference can be named. */
function installationFacts(titles: Titles, installations: readonly Installation[] = []): Record<string, string> {
  const facts = installations.flatMap(({ arm, parts }) => {
    const title = titles.get(arm)
    return title === undefined ? [] : parts.flatMap((part) => ofPart(title, part))
  })
  const byName = Map.groupBy(facts, ([what]) => what)
  return Object.fromEntries(
    [...byName].map(([what, found]) => [what, [...new Set(found.map(([, value]) => value))].toSorted().join(' and ')]),
  )
}

function ofPart(arm: string, { title, chart, digest }: InstalledPart): [string, string][] {
  const short = digest.slice(0, 12)
  if (!chart) return [[`arm ${arm}: ${title}`, short]]
  return [
    [`arm ${arm}: chart ${title}`, `${chart.name} ${chart.version} (${chart.sha256.slice(0, 12)})`],
    [`arm ${arm}: chart and values of ${title}`, short],
  ]
}
