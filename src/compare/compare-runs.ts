import type { Analysis, Cell } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import type { Installation, InstalledPart } from '../model/installation.ts'
import { blockCount } from '../model/plan.ts'
import type { Run } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
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

/** What is compared unless metrics are named. Every further one makes each claim harder, since all share one family. */
export const METRICS: readonly string[] = ['p50', 'p90', 'p99', 'throughput', 'mesh-cpu', 'mesh-memory']

/** Chance of any false claim among all that are compared. */
const FAMILY = 0.05

/**
 * Sides of A against sides of B, one to one. Arms of one run are paired within its blocks. Runs of different times are
 * not: what else changed between them is in every figure, so each is told with that caution.
 */
export function compareSides(
  sides: readonly (readonly [Side, Side])[],
  metrics: readonly string[] = METRICS,
): SidesCompared {
  const [first] = sides
  if (!first) throw new Failure('not-comparable', 'the two runs have no arm in common', { fix: NAME_ARMS })
  const [a, b] = [first[0].analysis, first[1].analysis]
  const isPaired = a.record.run.id === b.record.run.id
  if (!isPaired) refuse(forbidding(a, b))
  const contrasts = sides.flatMap(([one, other]) =>
    sharedLoads(a, b).flatMap((load) => metrics.flatMap((metric) => contrast(one, other, load, metric, isPaired))),
  )
  return {
    method: isPaired ? 'paired' : 'unpaired',
    contrasts: decide(contrasts),
    changed: isPaired ? [] : changedBetween(a, b),
    cautions: [...(isPaired ? pairedCautions(a) : unpairedCautions(a, b)), ...invalidities(isPaired ? [a] : [a, b])],
  }
}

const NAME_ARMS = 'Name an arm of each: meshbench compare RUN:ARM RUN:ARM'

function refuse(found: readonly Discrepancy[]): void {
  if (found.length === 0) return
  throw new Failure('not-comparable', 'these runs cannot be compared: they were not measured alike', {
    cause: found.map(({ what, a, b }) => `${what}: ${a} in A, ${b} in B`).join('; '),
    fix: 'Measure both with the same scenario on the same kind of machine; best as two arms of one run.',
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

/** Higher or lower only where the whole family of comparisons allows the claim. */
function decide(contrasts: readonly Contrast[]): Contrast[] {
  const tested = contrasts.filter(({ p }) => p !== undefined)
  const adjusted = holm(tested.map(({ p }) => p ?? 1))
  return contrasts.map((one) => {
    const place = tested.indexOf(one)
    const p = adjusted[place]
    if (p === undefined) return one
    if (p <= FAMILY || (one.standing !== 'higher' && one.standing !== 'lower')) return { ...one, adjusted: p }
    const note = `It stands out alone, but not among ${count(tested.length, 'comparison')}; more blocks or fewer --metrics would decide.`
    return { ...one, adjusted: p, standing: 'undecided', notes: [...one.notes, note] }
  })
}

function pairedCautions({ record }: Analysis): string[] {
  if (record.run.plan.cohorts.length > 1) return []
  return ['All blocks were measured on one provisioning: the difference may be that of two provisionings.']
}

function unpairedCautions(a: Analysis, b: Analysis): string[] {
  const onlyIn = [only(a, b, 'A'), only(b, a, 'B')].flat()
  return [
    'Two runs at different times: whatever changed between them is part of every difference, and no interval knows it. To claim a difference, measure both as arms of one run.',
    ...(hasControl(a, b)
      ? []
      : ['The runs have no baseline in common that would show whether the machine itself moved.']),
    ...sharedClusters(a, b),
    ...onlyIn,
  ]
}

/** Runs with `--keep` may share clusters: then they are less apart than two provisionings are. */
function sharedClusters(a: Analysis, b: Analysis): string[] {
  const others = provisioningsOf(b.trials)
  const shared = [...provisioningsOf(a.trials)].filter((one) => others.has(one))
  if (shared.length === 0) return []
  return [
    `Both runs were measured on ${shared.length === 1 ? 'one and the same cluster' : `${count(shared.length, 'cluster')} that they share`} (${list(shared)}): they agree better than two provisionings would, so the intervals are too narrow for any other.`,
  ]
}

function only(one: Analysis, other: Analysis, name: string): string[] {
  const { arms, loads } = one.record.run.plan.scenario
  const { arms: otherArms, loads: otherLoads } = other.record.run.plan.scenario
  const missing = [
    ...arms.flatMap((arm) => (otherArms.some(({ name }) => name === arm.name) ? [] : [`arm ${arm.name}`])),
    ...loads.flatMap((load) => (otherLoads.some(({ name }) => name === load.name) ? [] : [`load ${load.name}`])),
  ]
  return missing.length === 0 ? [] : [`Only in ${name}, and left out unless named: ${list(missing)}.`]
}

/** What an analysis itself says cannot be compared. */
function invalidities(analyses: readonly Analysis[]): string[] {
  return analyses.flatMap(({ record, problems }) =>
    problems
      .filter(({ severity }) => severity === 'invalid')
      .map(({ cause, effect }) => `Run ${record.run.id}: ${cause} ${effect}`),
  )
}

type Facts = Readonly<Record<string, string>>

/** What forbids to compare two runs: another kind of machine, another profile, or another load. */
function forbidding(a: Analysis, b: Analysis): Discrepancy[] {
  const shared = sharedLoads(a, b)
  return [
    ...differing(groundOf(a.record.run), groundOf(b.record.run)),
    ...(shared.length === 0 ? [{ what: 'loads', a: loadNames(a), b: loadNames(b) }] : []),
    ...shared.flatMap((name) => differing(loadFacts(a, name), loadFacts(b, name))),
  ]
}

/** What is otherwise not the same in two runs: the likely causes of a difference. */
function changedBetween(a: Analysis, b: Analysis): Discrepancy[] {
  return differing(factsOf(a), factsOf(b))
}

/** Names of the loads that both have. */
function sharedLoads(a: Analysis, b: Analysis): string[] {
  const others = new Set(loadsOf(b).map(({ name }) => name))
  return loadsOf(a).flatMap(({ name }) => (others.has(name) ? [name] : []))
}

function factsOf({ record: { run, installations } }: Analysis): Facts {
  return { ...versionFacts(run), ...installationFacts(run, installations) }
}

function groundOf({ plan, provenance }: Run): Facts {
  return {
    platform: provenance.platform,
    profile: plan.scenario.profile,
    isolation: plan.scenario.isolation ?? 'as the platform has it',
    ...machineClass(provenance.machine),
  }
}

function loadFacts(analysis: Analysis, name: string): Facts {
  const load = loadsOf(analysis).find((one) => one.name === name)
  const facts = Object.entries(load ?? {}).filter(([key]) => key !== 'name')
  return Object.fromEntries([
    ...facts.map(([key, value]) => [`load ${name}: ${key}`, String(value)]),
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

function versionFacts({ plan, provenance }: Run): Facts {
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
    ...Object.fromEntries(plan.scenario.arms.map(({ name, ...arm }) => [`arm ${name}`, JSON.stringify(arm)])),
    cohorts: String(plan.cohorts.length),
    blocks: String(blockCount(plan)),
  }
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

/** What stood in the cluster of each arm, part by part, so that a difference has a name. */
function installationFacts(run: Run, installations: readonly Installation[] = []): Record<string, string> {
  const facts = run.plan.scenario.arms.flatMap(({ name }) => {
    const own = installations.filter(({ arm }) => arm === name)
    return own.flatMap(({ parts }) => parts.flatMap((part) => ofPart(name, part)))
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
