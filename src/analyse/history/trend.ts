import { followedOf, type HistoryEntry, seriesKey } from '../../model/history.ts'
import { changePoints } from '../../stats/change-points.ts'
import { random } from '../../stats/random.ts'

/** One arm, load and metric over runs of one kind of machine. */
export interface Trend {
  readonly arm: string
  readonly load: string
  readonly metric: string
  readonly unit: string
  readonly better: string
  /** `ratio`: to the baseline of the same run, so that a slower night moves both. `level`: where there is no ratio. */
  readonly of: 'ratio' | 'level'
  readonly points: readonly TrendPoint[]
  readonly changes: readonly Change[]
}

export interface TrendPoint {
  readonly run: string
  readonly startedAt: string
  readonly value: number
}

/** When a series changed, and what of its surroundings changed in between. Dates a change; never judges a run. */
export interface Change {
  /** The last run before it and the first one after. */
  readonly before: string
  readonly after: string
  readonly at: string
  /** Geometric mean after it to the one before it. */
  readonly ratio: number
  readonly p: number
  readonly versions: readonly { readonly what: string; readonly from: string; readonly to: string }[]
}

/** Fewer runs than two shortest segments cannot show a change. */
const RUNS_TO_SEARCH = 6

/** Older runs are drawn and not searched, since the search takes the square of their number. */
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
  return {
    arm: first.arm,
    load: first.load,
    metric,
    unit: known.unit,
    better: known.better,
    of,
    points: seen.map(({ entry: { run, startedAt }, value }) => ({ run, startedAt, value })),
    changes: changesOf(seen.slice(-LOOK_BACK), metric),
  }
}

type Seen = readonly { readonly entry: HistoryEntry; readonly value: number }[]

function changesOf(seen: Seen, metric: string): Change[] {
  const [first] = seen
  if (!first || seen.length < RUNS_TO_SEARCH) return []
  const logs = seen.map(({ value }) => Math.log(value))
  // Seeded by what is searched: the same history says the same each time.
  const found = changePoints(logs, { random: random(1, 'history', seriesKey(first.entry), metric) })
  const edges = [0, ...found.map(({ index }) => index), seen.length]
  return found.flatMap(({ index, p }, place): Change[] => {
    const [last, next] = [seen[index - 1]?.entry, seen[index]?.entry]
    if (!last || !next) return []
    const [from, to] = [logs.slice(edges[place], index), logs.slice(index, edges[place + 2])]
    const ratio = Math.exp(meanOf(to) - meanOf(from))
    return [{ before: last.run, after: next.run, at: next.startedAt, ratio, p, versions: versionChanges(last, next) }]
  })
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function versionChanges({ versions: before }: HistoryEntry, { versions: after }: HistoryEntry): Change['versions'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((what) => {
    const [from, to] = [before[what] ?? 'absent', after[what] ?? 'absent']
    return from === to ? [] : [{ what, from, to }]
  })
}
