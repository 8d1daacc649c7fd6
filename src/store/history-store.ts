import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { z } from 'zod'
import { readOwnFile } from '../host/regular-file.ts'
import { sha256 } from '../host/sha256.ts'
import { Failure } from '../model/failure.ts'
import { type HistoryEntry, historyEntrySchema } from '../model/history.ts'
import { type Lock, lockFolder } from './folder-lock.ts'
import { reasonOf } from './versioned.ts'
import { errnoOf, storageFailure, syncFolder, writeSynced } from './write-once.ts'

/** The file of entries, one a line, and what says how long it is: without it a lost end would not show. */
interface HistoryText {
  readonly lines: string
  readonly head: string | undefined
}

/** A history that was read, and the hash that the next line goes on from. */
interface Chain {
  readonly entries: readonly HistoryEntry[]
  readonly hash: string
}

/** What the first line goes on from. */
const ORIGIN = '0'.repeat(64)

const linkSchema = z.object({ previous: z.string(), hash: z.string() })
const headSchema = z.object({ schema: z.literal(1), lines: z.int(), hash: z.string() })

/** Text of further entries, each line with its own hash and that of the line before. */
function link({ entries: before, hash: start }: Chain, entries: readonly HistoryEntry[]) {
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
function readChain({ lines: text, head }: HistoryText, where: string): Chain {
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
      remedy: REMEDY,
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
  return sha256(`${previous}\n${content}`)
}

const REMEDY =
  'Put the file back as it was (a git branch keeps every state). If that is not possible, move it away and add the runs that are still there again.'

function damaged(where: string, line: number, why: string): Failure {
  return new Failure('history-damaged', `line ${line} of the history in ${where} cannot be trusted`, {
    cause: why,
    remedy: REMEDY,
  })
}

/** Where a history is kept. */
export interface HistoryStore {
  /** For people: a folder, or a branch. */
  readonly where: string
  read(): Promise<HistoryText>
  /**
   * Replaces what is there by what `change` makes of it, at once and whole; nothing where that is undefined. No other writer
   * comes between, so `change` may be called again with what another one wrote.
   */
  update(change: (text: HistoryText) => Change | undefined): Promise<void>
}

interface Change {
  readonly lines: string
  readonly head: string
  /** What was added. */
  readonly note: string
}

interface History {
  readonly entries: readonly HistoryEntry[]
  readonly where: string
}

export async function readHistory(historyStore: HistoryStore): Promise<History> {
  return { entries: readChain(await historyStore.read(), historyStore.where).entries, where: historyStore.where }
}

/** Adds what is kept of a run; nothing where that run is there already. Returns how many lines were added. */
export async function addToHistory(historyStore: HistoryStore, entries: readonly HistoryEntry[]): Promise<number> {
  let added = 0
  await historyStore.update((text) => {
    const chain = readChain(text, historyStore.where)
    const known = new Set(chain.entries.map(idOf))
    const fresh = entries.filter((entry) => !known.has(idOf(entry)))
    added = fresh.length
    if (added === 0) return undefined
    const { lines, head } = link(chain, fresh)
    const runs = [...new Set(fresh.map(({ run }) => run))]
    return { lines: text.lines + lines, head, note: `Add ${runs.join(', ')}` }
  })
  return added
}

function idOf({ run, arm, load }: HistoryEntry): string {
  return JSON.stringify([run, arm, load])
}

const FILES = { lines: 'history.jsonl', head: 'history.head.json' } as const

/** A history in a folder. Each file is replaced whole; the lines first, since a head that is behind does no harm. */
export function inFolder(dir: string): HistoryStore {
  const read = async (): Promise<HistoryText> => {
    // The head first: beside older lines, a newer head would look like lines that were cut off.
    const head = await textOf(join(dir, FILES.head))
    return { lines: (await textOf(join(dir, FILES.lines))) ?? '', head }
  }
  return {
    where: dir,
    read,
    async update(change) {
      try {
        await mkdir(dir, { recursive: true })
        const lock = await lockWhenFree(dir)
        try {
          const changed = change(await read())
          if (!changed) return
          await replace(join(dir, FILES.lines), changed.lines)
          await replace(join(dir, FILES.head), changed.head)
          await syncFolder(dir)
        } finally {
          await lock.release()
        }
      } catch (error) {
        throw storageFailure(error, dir)
      }
    },
  }
}

/** How long an addition waits for others, each of which takes milliseconds, and how long it pauses at most in between. */
const PATIENCE = 30_000
const PAUSE = 50

async function lockWhenFree(dir: string): Promise<Lock> {
  for (const until = performance.now() + PATIENCE; ; ) {
    try {
      return await lockFolder(dir)
    } catch (error) {
      const isBusy = error instanceof Failure && error.code === 'run-locked'
      if (!isBusy || performance.now() > until) throw error
      await sleep(PAUSE * Math.random())
    }
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return readOwnFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    if (error instanceof TypeError)
      throw new Failure('history-damaged', `${path} cannot be read`, { cause: error, remedy: REMEDY })
    throw storageFailure(error, path)
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeSynced(temporary, 'w', (file) => file.writeFile(text))
  await rename(temporary, path)
}

/** Who commits where git knows nobody, as on a fresh runner. */
const NOBODY = {
  GIT_AUTHOR_NAME: 'meshbench',
  GIT_AUTHOR_EMAIL: 'meshbench@localhost',
  GIT_COMMITTER_NAME: 'meshbench',
  GIT_COMMITTER_EMAIL: 'meshbench@localhost',
}

/**
 * A history on a branch of its own in the repository of a folder. It is written by git's plumbing: the work tree and the
 * index are not touched, and a branch that somebody moved meanwhile is not overwritten.
 */
export function onBranch(branch: string, cwd: string): HistoryStore {
  const ref = `refs/heads/${branch}`
  return {
    where: `branch ${branch}`,
    read: async () => textAt(cwd, await tip(cwd, ref)),
    async update(change) {
      for (let attempt = 1; ; attempt++) {
        const parent = await tip(cwd, ref)
        const changed = change(await textAt(cwd, parent))
        if (!changed) return
        const commit = await commitOf(cwd, changed, parent)
        try {
          // The old value makes it fail where another writer was faster; of a new branch that it does not exist.
          await git(cwd, ['update-ref', ref, commit, parent ?? '0'.repeat(commit.length)])
          return
        } catch (error) {
          if (attempt === ATTEMPTS || (await tip(cwd, ref)) === parent) throw error
          await sleep(PAUSE * attempt * Math.random())
        }
      }
    },
  }
}

/** Of writers at once, one succeeds each time. */
const ATTEMPTS = 50

async function commitOf(cwd: string, { lines, head, note }: Change, parent: string | undefined): Promise<string> {
  const blobs = [
    [FILES.head, await blob(cwd, head)],
    [FILES.lines, await blob(cwd, lines)],
  ] as const
  const listing = blobs.map(([name, id]) => `100644 blob ${id}\t${name}\n`).join('')
  const tree = await git(cwd, ['mktree'], { input: listing })
  const known = await execa('git', ['var', 'GIT_COMMITTER_IDENT'], { cwd, reject: false })
  return git(cwd, ['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', note], {
    env: known.exitCode === 0 ? {} : NOBODY,
  })
}

/** Both files of one commit: a branch that moves meanwhile does not mix two states. */
async function textAt(cwd: string, commit: string | undefined): Promise<HistoryText> {
  if (commit === undefined) return { lines: '', head: undefined }
  return { lines: (await fileOn(cwd, commit, FILES.lines)) ?? '', head: await fileOn(cwd, commit, FILES.head) }
}

async function tip(cwd: string, ref: string): Promise<string | undefined> {
  await git(cwd, ['rev-parse', '--git-dir'])
  const { exitCode, stdout } = await execa('git', ['rev-parse', '--verify', '--quiet', ref], { cwd, reject: false })
  return exitCode === 0 ? stdout : undefined
}

async function fileOn(cwd: string, commit: string, name: string): Promise<string | undefined> {
  const options = { cwd, reject: false, stripFinalNewline: false, maxBuffer: 1e9 } as const
  const listed = await git(cwd, ['ls-tree', '--name-only', commit, name])
  if (listed === '') return undefined
  const { exitCode, stdout, stderr } = await execa('git', ['show', `${commit}:${name}`], options)
  if (exitCode !== 0) throw refused(['show'], stderr)
  return stdout
}

async function blob(cwd: string, text: string): Promise<string> {
  return git(cwd, ['hash-object', '-w', '--stdin'], { input: text })
}

async function git(
  cwd: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await execa('git', args, { cwd, reject: false, ...options })
  if (exitCode !== 0) throw refused(args, stderr)
  return stdout
}

function refused(args: readonly string[], stderr: unknown): Failure {
  return new Failure('git', 'git could not read or write the branch of the history', {
    cause: `git ${args[0]}: ${stderr || 'it could not be started'}`,
    remedy: 'Run it in a repository; if another run wrote at the same time, run it again: nothing is added twice.',
  })
}
