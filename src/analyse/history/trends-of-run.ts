import type { Analysis } from '../../model/analysis.ts'
import { type HistoryEntry, seriesKey } from '../../model/history.ts'
import { TAIL } from '../samples.ts'
import { historyEntries } from './entries.ts'
import { type Trend, trendsOf } from './trend.ts'

/** What trends are shown of, unless somebody asks for others. */
export const TREND_METRICS: readonly string[] = ['p50', TAIL, 'p99', 'mesh-cpu']

/**
 * The trends that end in a run: of its arms and loads, with the runs before it. Later ones are left out, so that the page
 * of a run stays the same whenever it is made. Empty where no other run can stand in one line with it.
 */
export function trendsOfRun(analysis: Analysis, history: readonly HistoryEntry[], metrics = TREND_METRICS): Trend[] {
  const own = historyEntries(analysis)
  const { id, startedAt } = analysis.record.run
  const series = new Set(own.map(seriesKey))
  const before = history.filter(
    (entry) => entry.run !== id && entry.startedAt < startedAt && series.has(seriesKey(entry)),
  )
  if (before.length === 0) return []
  return metrics.flatMap((metric) => trendsOf([...before, ...own], metric))
}
