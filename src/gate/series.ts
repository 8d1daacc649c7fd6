import { historyEntries } from '../analyse/history/entries.ts'
import type { Analysis } from '../model/analysis.ts'
import { type HistoryEntry, seriesKey } from '../model/history.ts'

/** The series that a run is the next point of: the same arm, load, machine, platform and profile. */
export interface Series {
  /** Of this run. */
  readonly now: readonly HistoryEntry[]
  /** Oldest first, without this run and whatever is later. */
  readonly past: readonly HistoryEntry[]
}

/** Of everything that a history has. */
export function seriesOf(analysis: Analysis, history: readonly HistoryEntry[]): Series {
  if (history.length === 0) return { now: [], past: [] }
  const { id, startedAt } = analysis.record.run
  const now = historyEntries(analysis)
  const current = new Set(now.map(seriesKey))
  const past = history
    .filter((entry) => entry.run !== id && entry.startedAt < startedAt && current.has(seriesKey(entry)))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  return { now, past }
}
