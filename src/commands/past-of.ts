import type { Trend } from '../analyse/history/trend.ts'
import { trendsOfRun } from '../analyse/history/trends-of-run.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import type { HistoryEntry } from '../model/history.ts'
import { readHistory } from '../store/history/history.ts'
import { type ShelfOptions, shelfOf } from './history.ts'
import type { Surroundings } from './surroundings.ts'

/** The history, where there is one. A page is worth having without it, so that it cannot be read is only said. */
export async function pastEntries(
  options: ShelfOptions,
  { cwd, stderr }: Pick<Surroundings, 'cwd' | 'stderr'>,
): Promise<readonly HistoryEntry[]> {
  try {
    return (await readHistory(shelfOf(options, cwd))).entries
  } catch (error) {
    const { code, message, why, fix } = Failure.from(error)
    if (code === 'usage') throw error
    const reason = [message, why].filter(Boolean).join(': ')
    stderr.write(`the report has no history: ${reason}\n${fix === undefined ? '' : `  ${fix}\n`}`)
    return []
  }
}

/** The trends that end in a run. */
export async function pastOf(
  analysis: Analysis,
  options: ShelfOptions,
  surroundings: Pick<Surroundings, 'cwd' | 'stderr'>,
): Promise<Trend[]> {
  return trendsOfRun(analysis, await pastEntries(options, surroundings))
}
