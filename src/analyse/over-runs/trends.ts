import { meshes } from '../../meshes/index.ts'
import type { Analysis, Cell } from '../../model/analysis.ts'
import { followedOf, HISTORY_SCHEMA, type HistoryEntry, machineClassText, seriesKey } from '../../model/history.ts'
import { trialsOf } from '../../model/plan.ts'
import { type Arm, baselineOf, type Load, PLACEMENTS } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { VERSION_EVIDENCE } from '../../model/usage.ts'
import { random } from '../../stats/random.ts'
import { stepsAndDrift } from '../../stats/steps-and-drift.ts'
import { versionOf } from './mesh-versions.ts'

/** One arm, load and metric over runs of one kind of machine. */
export interface Trend {
  readonly arm: string
  readonly load: string
  readonly metric: string
  readonly unit: string
  readonly better: string
  /** `ratio`: to the baseline of the same run, so that a slower machine affects both. `level`: where there is no ratio. */
  readonly of: 'ratio' | 'level'
  readonly points: readonly TrendPoint[]
  readonly changes: readonly Change[]
  /** Runs with another version of the mesh than the run before them, whether or not anything changed. Absent where there is none. */
  readonly versions?: readonly NewVersion[]
  /** A slow change from run to run, beside the changes. Absent where noise explains it. */
  readonly drift?: Drift
  /** Autocorrelation of neighbouring runs beside changes and drift, from 0 to 0.95; absent with too few runs to search. */
  readonly autocorrelation?: number
}

/** `p` is, as that of a change, the chance in noise of the autocorrelation that the series shows. */
export interface Drift {
  /** Ratio of one run to the run before it. */
  readonly perRun: number
  /** Ratio of the last run to the first of those that were searched, by the drift alone. */
  readonly ratio: number
  readonly runs: number
  readonly p: number
}

interface TrendPoint {
  readonly run: string
  readonly startedAt: string
  readonly value: number
}

interface NewVersion {
  readonly run: string
  readonly at: string
  readonly from: string
  readonly to: string
}

/** When a series changed, and which versions changed with it. It does not judge a run. */
export interface Change {
  /** The last run before the change and the first after it. */
  readonly before: string
  readonly after: string
  readonly at: string
  /** Ratio of the geometric mean after the change to that before, without the drift. */
  readonly ratio: number
  /** The larger one of the chances in independent noise, by permutation, and in autocorrelated noise, by simulation. */
  readonly p: number
  readonly versions: readonly { readonly what: string; readonly from: string; readonly to: string }[]
}

/** Least number of runs that can show a change: two shortest segments. */
const RUNS_TO_SEARCH = 6

/** Number of runs that are searched. Older runs are only drawn, since the search time is quadratic. */
const LOOK_BACK = 100

/** Every series of one metric, in the order in which the history first names it. */
export function trendsOf(history: readonly HistoryEntry[], metric: string): Trend[] {
  const groups = Map.groupBy(history, seriesKey)
  return [...groups.values()].flatMap((entries) => trendOf(entries, metric) ?? [])
}

function trendOf(given: readonly HistoryEntry[], metric: string): Trend | undefined {
  const entries = given.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
  const [first] = entries
  const known = entries.find((entry) => entry.metrics[metric])?.metrics[metric]
  if (!first || !known) return undefined
  const of = followedOf(entries, metric)
  const seen = entries.flatMap((entry) => {
    const value = entry.metrics[metric]?.[of]?.center
    return value !== undefined && value > 0 ? [{ entry, value }] : []
  })
  if (seen.length === 0) return undefined
  const versions = newVersions(seen)
  return {
    arm: first.arm,
    load: first.load,
    metric,
    unit: known.unit,
    better: known.better,
    of,
    points: seen.map(({ entry: { run, startedAt }, value }) => ({ run, startedAt, value })),
    ...(versions.length > 0 && { versions }),
    ...courseOf(seen.slice(-LOOK_BACK), metric),
  }
}

function newVersions(seen: Seen): NewVersion[] {
  return seen.flatMap(({ entry }, index) => {
    const before = seen[index - 1]?.entry
    const [from, to] = [before && versionOf(before), versionOf(entry)]
    return from === undefined || to === undefined || from === to
      ? []
      : [{ run: entry.run, at: entry.startedAt, from, to }]
  })
}

type Seen = readonly { readonly entry: HistoryEntry; readonly value: number }[]

function courseOf(seen: Seen, metric: string): Pick<Trend, 'changes' | 'drift' | 'autocorrelation'> {
  const [first] = seen
  if (!first || seen.length < RUNS_TO_SEARCH) return { changes: [] }
  const known = seen.map(({ value }) => Math.log(value))
  // Seeded by the series, so that the same history gives the same result.
  const { steps, drift, autocorrelation } = stepsAndDrift(known, random(1, 'history', seriesKey(first.entry), metric))
  const slope = drift?.slope ?? 0
  const logs = known.map((log, run) => log - slope * run)
  const edges = [0, ...steps.map(({ index }) => index), seen.length]
  const changes = steps.flatMap(({ index, p }, place): Change[] => {
    const [last, next] = [seen[index - 1]?.entry, seen[index]?.entry]
    if (!last || !next) return []
    const [from, to] = [logs.slice(edges[place], index), logs.slice(index, edges[place + 2])]
    const ratio = Math.exp(meanOf(to) - meanOf(from))
    return [{ before: last.run, after: next.run, at: next.startedAt, ratio, p, versions: versionChanges(last, next) }]
  })
  return {
    changes,
    ...(drift && { drift: driftOf(drift, seen.length) }),
    autocorrelation,
  }
}

function driftOf({ slope, p }: { slope: number; p: number }, runs: number): Drift {
  return { perRun: Math.exp(slope), ratio: Math.exp(slope * (runs - 1)), runs, p }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Versions that differ between two runs. */
export function versionChanges(
  { versions: before }: HistoryEntry,
  { versions: after }: HistoryEntry,
): Change['versions'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((what) => {
    const [from, to] = [before[what] ?? 'absent', after[what] ?? 'absent']
    return from === to ? [] : [{ what, from, to }]
  })
}

/** The history entries of a run: every arm and load with a valid trial. */
export function historyEntries(analysis: Analysis): HistoryEntry[] {
  const { arms, loads } = analysis.record.run.plan.scenario
  return loads.flatMap((load) => arms.flatMap((arm) => entryOf(analysis, arm, load) ?? []))
}

function entryOf(analysis: Analysis, arm: Arm, load: Load): HistoryEntry | undefined {
  const { id, startedAt, plan, provenance } = analysis.record.run
  const is = (one: { readonly arm: string; readonly load: string }) => one.arm === arm.name && one.load === load.name
  const valid = analysis.trials.filter(({ result, status }) => status === 'valid' && is(result.trial))
  if (valid.length === 0) return undefined
  return {
    schema: HISTORY_SCHEMA,
    run: id,
    startedAt,
    scenario: plan.scenario.name,
    platform: provenance.platform,
    profile: plan.scenario.profile,
    machine: machineClassText(provenance.machine),
    arm: arm.name,
    mesh: arm.mesh,
    ...(arm.placement !== undefined && arm.placement !== PLACEMENTS[0] && { placement: arm.placement }),
    ...(arm.replicas !== undefined && arm.replicas !== 1 && { replicas: arm.replicas }),
    ...(arm.idleServices !== undefined && { idleServices: arm.idleServices }),
    ...(arm.entrance !== undefined && { entrance: arm.entrance }),
    ...(arm.feature !== undefined && { feature: arm.feature }),
    baseline: baselineOf(plan.scenario).name,
    load: load.name,
    asked: askedOf(load),
    versions: versionsOf(analysis, arm, valid),
    validTrials: valid.length,
    plannedTrials: trialsOf(plan).filter(is).length,
    metrics: Object.fromEntries(analysis.cells.filter(is).flatMap((cell) => metricOf(analysis, cell))),
  }
}

function metricOf({ metrics }: Analysis, { metric, estimate, ratio }: Cell) {
  const info = metrics.find(({ name }) => name === metric)
  if (!info || !estimate) return []
  return [[metric, { unit: info.unit, better: info.better, level: estimate, ...(ratio && { ratio }) }]] as const
}

/** All settings of a load but its name, sorted by key. */
function askedOf({ name: _, ...load }: Load): string {
  return Object.entries(load)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

/** Versions that can cause a change. */
function versionsOf({ record }: Analysis, arm: Arm, valid: Analysis['trials']): Record<string, string> {
  const { meshbench, tools, machine, git } = record.run.provenance
  const [first] = valid
  const evidence = first?.result.outcome.status === 'measured' ? first.result.outcome.reading.observation.evidence : []
  return {
    ...(arm.version !== undefined && { [meshes[arm.mesh]?.title ?? arm.mesh]: arm.version }),
    ...(arm.values && { values: JSON.stringify(arm.values) }),
    ...(arm.inject && { 'injected delay': `${arm.inject.delay} s` }),
    ...Object.fromEntries(evidence.flatMap(({ name, seen }) => (VERSION_EVIDENCE.has(name) ? [[name, seen]] : []))),
    ...Object.fromEntries(tools.map(({ name, version }) => [name, version])),
    meshbench,
    kernel: machine.kernel,
    ...(git && { commit: git.commit.slice(0, 12) + (git.dirty ? ' with changes' : '') }),
  }
}

/** The series that a run continues: the same arm, load, machine, platform and profile. */
interface Series {
  /** Of this run. */
  readonly now: readonly HistoryEntry[]
  /** Oldest first, without this run and later ones. */
  readonly past: readonly HistoryEntry[]
}

/** Of everything that a history has. */
export function seriesOf(analysis: Analysis, history: readonly HistoryEntry[]): Series {
  if (history.length === 0) return { now: [], past: [] }
  const now = historyEntries(analysis)
  const past = earlierRuns(analysis, now, history)
  return { now, past: past.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)) }
}

/** What earlier runs have of the series of `own`. */
function earlierRuns(
  { record }: Analysis,
  own: readonly HistoryEntry[],
  history: readonly HistoryEntry[],
): HistoryEntry[] {
  const { id, startedAt } = record.run
  const series = new Set(own.map(seriesKey))
  return history.filter((entry) => entry.run !== id && entry.startedAt < startedAt && series.has(seriesKey(entry)))
}

/**
 * The trends that end in a run: those of its arms and loads, with earlier runs. Later runs are left out, so that the page
 * of a run does not depend on when it is written. Empty where no other run belongs to the series.
 */
export function trendsOfRun(
  analysis: Analysis,
  history: readonly HistoryEntry[],
  metrics: readonly string[] = SHOWN.history,
): Trend[] {
  const own = historyEntries(analysis)
  const before = earlierRuns(analysis, own, history)
  if (before.length === 0) return []
  return metrics.flatMap((metric) => trendsOf([...before, ...own], metric))
}
