import { type Trend, trendsOf, versionChanges } from '../analyse/over-runs/trends.ts'
import type { RunRecord } from '../model/analysis.ts'
import { followedOf, type HistoryEntry, seriesKey } from '../model/history.ts'
import type { Limits, Pairing } from '../model/limits.ts'
import type { Pinned } from '../model/pinned.ts'
import { TAIL } from '../model/quantiles.ts'
import type { Provenance } from '../model/result.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import { formatChange } from '../model/units.ts'
import type { GateFinding, ProvenanceChange, Since } from '../model/verdict.ts'
import { list } from '../model/words.ts'
import type { Compared } from './compared.ts'

/** Evidence of an arm that stays the same from one window to the next. */
const LASTING = new Set(['version', 'image', 'layer', 'threads', 'limits', 'identity', 'retries', 'access-log'])

/** Differences in configuration and provenance: to the pinned reference, or between candidates and their references in one run. */
export function provenanceChanges(
  record: Pick<RunRecord, 'run' | 'results'>,
  pairs: readonly Pairing[],
  pinned: Pinned | undefined,
): ProvenanceChange[] {
  return pinned ? changesSince(record, pinned) : changesBetweenArms(record, pairs)
}

/** Differences between candidates and their references in one run: in configuration and in evidence. */
export function changesBetweenArms(
  record: Pick<RunRecord, 'run' | 'results'>,
  pairs: readonly Pairing[],
): ProvenanceChange[] {
  const asked = armsOf(record.run.plan.scenario)
  return pairs.flatMap(({ arm, reference }) => {
    const [then, now] = [factsOf(record, reference), factsOf(record, arm)]
    const seen = [...new Set([...then.keys(), ...now.keys()])]
      .filter((name) => lasting(name, then.get(name)) !== lasting(name, now.get(name)))
      .flatMap((name) => differs(`${name} of ${arm}`, then.get(name), now.get(name)))
    return [...differs(`configuration of ${arm}`, asked[reference], asked[arm]), ...seen]
  })
}

/** Differences between a run and the pinned reference. */
function changesSince({ run }: Pick<RunRecord, 'run'>, pinned: Pinned): ProvenanceChange[] {
  const [then, now] = [flat(pinned.provenance), flat(run.provenance)]
  const asked = armsOf(run.plan.scenario)
  return [
    ...Object.keys({ ...then, ...now }).flatMap((what) => differs(what, then[what], now[what])),
    ...Object.entries(pinned.arms).flatMap(([arm, before]) => differs(`configuration of ${arm}`, before, asked[arm])),
  ]
}

/** All settings of a load that affect its figures, in one line. */
export function loadSettings({ name: _, ...load }: Load): string {
  return Object.entries(load)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')
}

export function armsOf({ arms }: Pick<Scenario, 'arms'>): Record<string, string> {
  return Object.fromEntries(
    arms.map(({ name, ...arm }) => [
      name,
      Object.entries(arm)
        .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
    ]),
  )
}

function flat({ meshbench, node, git, machine, tools }: Provenance): Record<string, string | undefined> {
  const programs = tools.map(({ name, version, sha256 }) => [
    name,
    sha256 ? `${version} (${sha256.slice(0, 12)})` : version,
  ])
  return {
    meshbench,
    node,
    commit: git && `${git.commit.slice(0, 12)}${git.dirty ? ' with changes' : ''}`,
    kernel: machine.kernel,
    'operating system': machine.os,
    ...Object.fromEntries(programs),
  }
}

function factsOf({ results }: Pick<RunRecord, 'results'>, arm: string): Map<string, string> {
  const last = results.findLast(({ trial, outcome }) => trial.arm === arm && outcome.status === 'measured')
  const evidence = last?.outcome.status === 'measured' ? last.outcome.reading.observation.evidence : []
  return new Map(evidence.flatMap(({ name, seen }) => (LASTING.has(name) ? [[name, seen] as const] : [])))
}

/** The number of connections with an identity varies with the time of opening, so it is replaced: only none or some matters. */
function lasting(name: string, seen: string | undefined): string | undefined {
  return name === 'identity' ? seen?.replaceAll(/\b[1-9]\d* (connection|handshake|certificate)s?\b/g, 'some $1s') : seen
}

function differs(what: string, reference: string | undefined, candidate: string | undefined): ProvenanceChange[] {
  return reference === candidate ? [] : [{ what, reference: reference ?? 'none', candidate: candidate ?? 'none' }]
}

/** The number of runs that drift is looked for in, and the least of them. */
const MOST_RUNS = 30
const FEWEST = 10

/**
 * Finds slow drift of a ratio to the baseline that no single run shows, as `meshbench history` does: beside steps, and against
 * noise that is autocorrelated as much as the series. `history`: the series of this run, which is the last of it. Runs before
 * `since` are ignored, because a reference was accepted then. This is only a warning: a drift proves nothing about one change.
 */
export function driftWarnings(
  history: readonly HistoryEntry[],
  { metrics, defaults }: Pick<Limits, 'metrics' | 'defaults'>,
  since = '',
): GateFinding[] {
  const known = history.filter(({ startedAt, arm, baseline }) => startedAt >= since && arm !== baseline)
  return [...Map.groupBy(known, seriesKey).values()].flatMap((entries) => {
    const series = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).slice(-MOST_RUNS)
    // A load without a p99 of a typical second is judged by its p99, so p99 is followed.
    const isTold = series.some((entry) => entry.metrics[TAIL] !== undefined)
    const followed = new Set(metrics.map((metric) => (metric === TAIL && !isTold ? 'p99' : metric)))
    return [...followed]
      .flatMap((metric) => trendsOf(series, metric))
      .flatMap((trend) => creeping(trend, defaults, series))
  })
}

function creeping(
  { arm, load, metric, better, drift }: Trend,
  { minEffect }: Limits['defaults'],
  series: readonly HistoryEntry[],
): GateFinding[] {
  if (!drift || drift.runs < FEWEST) return []
  const worse = better === 'higher' ? 1 / drift.ratio : drift.ratio
  if (worse < 1 + minEffect) return []
  const baseline = series.at(-1)?.baseline
  return [
    {
      rule: 'slow-drift',
      severity: 'warning',
      message: `${metric} of ${arm} under ${load} changed slowly by ${formatChange(drift.ratio)} against ${baseline} over ${drift.runs} runs; no single run shows it.`,
      remedy: 'Find the change with `meshbench history`; accept it with `meshbench gate accept`, or undo it.',
      arm,
      load,
      metric,
    },
  ]
}

/**
 * Since when a cell is worse, by the earlier runs of its series that have both arms: the newest of them with less than half of the
 * difference was the last one before it. Undefined without such runs. `past`: the oldest first.
 */
export function sinceWhen(
  { arm, reference, load, metric, direction, effect }: Compared,
  past: readonly HistoryEntry[],
  now: readonly HistoryEntry[],
  isPinned: boolean,
): Since | undefined {
  if (!effect) return undefined
  const seriesOf = (entries: readonly HistoryEntry[], name: string) =>
    entries.filter((entry) => entry.arm === name && entry.load === load)
  const [candidates, [current]] = [seriesOf(past, arm), seriesOf(now, arm)]
  const references = new Map(seriesOf([...past, ...now], reference).map((entry) => [entry.run, entry]))
  const of = followedOf(candidates, metric)
  const level = (entry: HistoryEntry | undefined, what: 'level' | 'ratio') =>
    Math.log(entry?.metrics[metric]?.[what]?.center ?? Number.NaN)
  /** How much worse the candidate was, as a logarithm: than its reference in that run, or than the accepted runs. */
  const harmOf = (entry: HistoryEntry) =>
    isPinned
      ? effect.center + direction * (level(entry, of) - level(current, of))
      : direction * (level(entry, 'level') - level(references.get(entry.run), 'level'))
  const known = candidates.map((entry) => ({ entry, harm: harmOf(entry) })).filter(({ harm }) => Number.isFinite(harm))
  if (!current || known.length === 0) return undefined
  const last = known.findLastIndex(({ harm }) => harm < effect.center / 2)
  const before = known[last]
  const first = known[last + 1]?.entry ?? current
  const since = {
    run: first.run,
    startedAt: first.startedAt,
    earlier: known.length - 1 - last,
    ...(before && {
      before: {
        run: before.entry.run,
        startedAt: before.entry.startedAt,
        ratio: Math.exp(direction * before.harm),
        versions: [
          ...versionChanges(before.entry, first),
          ...(isPinned ? [] : versionsOfReference(references, before.entry.run, first.run, reference)),
        ],
      },
    }),
  }
  return { ...since, message: messageOf(since) }
}

/** The reference may have become better, in place of the candidate worse. */
function versionsOfReference(
  references: ReadonlyMap<string, HistoryEntry>,
  before: string,
  after: string,
  name: string,
): ReturnType<typeof versionChanges> {
  const [from, to] = [references.get(before), references.get(after)]
  return from && to ? versionChanges(from, to).map((change) => ({ ...change, what: `${change.what} of ${name}` })) : []
}

function messageOf({ run, earlier, before }: Omit<Since, 'message'>): string {
  if (!before) {
    return `All earlier runs of the history that can be compared (${earlier}) have it, since ${run}.`
  }
  const first =
    earlier === 0
      ? 'New in this run'
      : `Since ${run} (${earlier === 1 ? 'the run before this one' : `${earlier} runs before this one`})`
  const versions = before.versions.map(({ what, from, to }) => `${what} ${from} → ${to}`)
  const changed =
    versions.length === 0 ? 'No recorded version changed between them' : `Changed between them: ${list(versions)}`
  return `${first}. The last run with less than half of it is ${before.run} (${formatChange(before.ratio)}). ${changed}.`
}
