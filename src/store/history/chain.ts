import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../../model/failure.ts'
import { type HistoryEntry, historyEntrySchema } from '../../model/history.ts'
import { reasonOf } from '../versioned.ts'

/** The file of entries, one a line, and what says how long it is: without it a lost end would not show. */
export interface HistoryText {
  readonly lines: string
  readonly head: string | undefined
}

/** A history that was read, and the hash that the next line goes on from. */
export interface Chain {
  readonly entries: readonly HistoryEntry[]
  readonly hash: string
}

/** What the first line goes on from. */
const ORIGIN = '0'.repeat(64)

const linkSchema = z.object({ previous: z.string(), hash: z.string() })
const headSchema = z.object({ schema: z.literal(1), lines: z.int(), hash: z.string() })

/** Text of further entries, each line with its own hash and that of the line before. */
export function link({ entries: before, hash: start }: Chain, entries: readonly HistoryEntry[]) {
  let previous = start
  const lines = entries.map((entry) => {
    const hash = hashOf(previous, JSON.stringify(entry))
    const line = `${JSON.stringify({ ...entry, previous, hash })}\n`
    previous = hash
    return line
  })
  const head = `${JSON.stringify({ schema: 1, lines: before.length + entries.length, hash: previous })}\n`
  return { lines: lines.join(''), head }
}

/** Reads a history back. A line that was changed, cut, moved or taken out is named; nothing of it is used then. */
export function readChain({ lines: text, head }: HistoryText, where: string): Chain {
  const lines = text.split('\n')
  const rest = lines.pop()
  if (rest !== '') throw damaged(where, lines.length + 1, 'it has no end: the file was cut within it')
  const entries: HistoryEntry[] = []
  const hashes = [ORIGIN]
  for (const [index, line] of lines.entries()) {
    const { entry, hash } = readLine(line, hashes[index] ?? ORIGIN, where, index + 1)
    entries.push(entry)
    hashes.push(hash)
  }
  assertUncut(hashes, readHead(head, where), where)
  return { entries, hash: hashes.at(-1) ?? ORIGIN }
}

type Head = z.infer<typeof headSchema>

/** `hashes`: the origin's, then each line's. A head that is behind is one that a power cut kept from being written. */
function assertUncut(hashes: readonly string[], head: Head | undefined, where: string): void {
  const there = hashes.length - 1
  if (!head) {
    if (there > 0) throw damaged(where, there, 'whether it is the last is not known: the head file is gone')
    return
  }
  if (head.lines > there) {
    throw damaged(
      where,
      hashes.length,
      `it is gone, with all up to line ${head.lines}: the end of the file was cut off`,
    )
  }
  if (hashes[head.lines] !== head.hash) throw damaged(where, head.lines, 'it is not the line that the head was made of')
}

function readHead(head: string | undefined, where: string): Head | undefined {
  if (head === undefined) return undefined
  try {
    return headSchema.parse(JSON.parse(head))
  } catch (error) {
    throw new Failure('history-damaged', `the head of the history in ${where} cannot be read`, {
      cause: reasonOf(error),
      fix: REMEDY,
    })
  }
}

function readLine(line: string, previous: string, where: string, number: number) {
  try {
    const data: unknown = JSON.parse(line)
    const { previous: before, hash } = linkSchema.parse(data)
    const { previous: _previous, hash: _hash, ...written } = data as Record<string, unknown>
    if (hashOf(before, JSON.stringify(written)) !== hash)
      throw new TypeError('its content is not what its hash was made of')
    if (before !== previous)
      throw new TypeError('it does not go on from the line before: one was changed, moved or taken out')
    return { entry: historyEntrySchema.parse(written), hash }
  } catch (error) {
    throw damaged(where, number, reasonOf(error))
  }
}

/** Over the text as it is written: JSON keeps the order of keys. */
function hashOf(previous: string, content: string): string {
  return createHash('sha256').update(`${previous}\n${content}`).digest('hex')
}

const REMEDY =
  'Put the file back as it was (a git branch keeps every state). If that is not possible, move it away and add the runs that are still there again.'

function damaged(where: string, line: number, why: string): Failure {
  return new Failure('history-damaged', `line ${line} of the history in ${where} cannot be trusted`, {
    cause: why,
    fix: REMEDY,
  })
}
