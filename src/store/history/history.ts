import type { HistoryEntry } from '../../model/history.ts'
import { type HistoryText, link, readChain } from './chain.ts'

/** Where a history is kept. */
export interface Shelf {
  /** For people: a folder, or a branch. */
  readonly where: string
  read(): Promise<HistoryText>
  /** Puts the whole in place at once, or nothing. `note` says what was added. */
  write(text: Required<HistoryText>, note: string): Promise<void>
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  readonly where: string
}

export async function readHistory(shelf: Shelf): Promise<History> {
  return { entries: readChain(await shelf.read(), shelf.where).entries, where: shelf.where }
}

/** Adds what is kept of a run; nothing where that run is there already. Returns how many lines were added. */
export async function addToHistory(shelf: Shelf, entries: readonly HistoryEntry[]): Promise<number> {
  const text = await shelf.read()
  const chain = readChain(text, shelf.where)
  const known = new Set(chain.entries.map(idOf))
  const fresh = entries.filter((entry) => !known.has(idOf(entry)))
  if (fresh.length === 0) return 0
  const { lines, head } = link(chain, fresh)
  const runs = [...new Set(fresh.map(({ run }) => run))]
  await shelf.write({ lines: text.lines + lines, head }, `Add ${runs.join(', ')}`)
  return fresh.length
}

function idOf({ run, arm, load }: HistoryEntry): string {
  return JSON.stringify([run, arm, load])
}
