import { access, type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { z } from 'zod'
import { ownLines } from '../host/regular-file.ts'
import { sha256 } from '../host/sha256.ts'
import type { Journal as TrialJournal } from '../model/analysis.ts'
import { type Event, opensWindow } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { RawOutput } from '../model/platform.ts'
import { type Result, type Run, resultSchema } from '../model/result.ts'
import { isPathName, RUN_FOLDER } from '../model/run-folder.ts'
import { redact, redactText } from '../model/secrets.ts'
import { type Lock, lockFolder } from './folder-lock.ts'
import { writeInstallation } from './installations.ts'
import { errnoOf, storageFailure, syncFolder, writeOnce } from './write-once.ts'

/** Writes down what happens in a run. A result is on disk when `write` returns. */
export interface RunWriter extends AsyncDisposable {
  readonly dir: string
  write(event: Event): Promise<void>
  /** Gives the run up to other writers. */
  close(): Promise<void>
}

/** The writer has the lock from here on, and gives it back even where it cannot begin. */
export async function openWriter(dir: string, lock: Lock): Promise<RunWriter> {
  const journal = await openJournal(join(dir, RUN_FOLDER.events)).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  let last: string | undefined
  const write = async (event: Event) => {
    if (event.type === 'visit') await assertThere(dir, last)
    const digest = event.type === 'result' ? await writeResult(dir, redact(event.result), event.raw) : undefined
    if (event.type === 'result') last = event.result.trial.id
    if (event.type === 'installed') await writeInstallation(dir, redact(event.installation))
    await journal.add(event, digest)
  }
  const close = async () => {
    try {
      await journal.close()
    } finally {
      await lock.release()
    }
  }
  const storing = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      throw storageFailure(error, dir)
    })
  return {
    dir,
    write: (event) => storing(write(event)),
    close: () => storing(close()),
    [Symbol.asyncDispose]: () => storing(close()),
  }
}

/** Whether the run and its newest trial are still there: whoever removes them would have the rest measured for nothing. */
async function assertThere(dir: string, last: string | undefined): Promise<void> {
  const paths = [join(dir, RUN_FOLDER.run), ...(last === undefined ? [] : [join(dir, trialFile(last))])]
  for (const path of paths) {
    await access(path).catch((cause: unknown) => {
      throw new Failure('results-removed', `${path} was removed while its run goes on`, {
        cause,
        remedy: 'Start the run again, and keep its folder until it ends.',
      })
    })
  }
}

function trialFile(id: string): string {
  return join(RUN_FOLDER.trials, `${fileSafe(id)}.json`)
}

/** The tool's own output first: a trial's file is the proof that all of the trial is there. Returns the digest of that file. */
async function writeResult(dir: string, result: Result, raw: readonly RawOutput[]): Promise<string> {
  const { id } = result.trial
  assertReadable(result)
  try {
    await writeRaw(dir, id, raw)
    const text = `${JSON.stringify(result)}\n`
    await writeOnce(join(dir, trialFile(id)), (file) => file.writeFile(text))
    return textDigest(text)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new Failure('already-stored', `trial ${id} already has a result, and results are never replaced`, {
      cause: error,
      remedy: 'Start a new run; or, to measure this trial again, move its file away and resume.',
    })
  }
}

/** Outputs that are written at once: each is a stream, and several load generators have several. */
const AT_ONCE = 4

async function writeRaw(dir: string, id: string, raw: readonly RawOutput[]): Promise<void> {
  const queue = raw.values()
  const writer = async () => {
    for (const { name, read } of queue) {
      await writeZipped(join(dir, RUN_FOLDER.raw, `${fileSafe(id)}.${fileSafe(name)}.gz`), read())
    }
  }
  // All have ended before one that failed is told of.
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, writer))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** Streamed: an access log may be larger than memory. */
async function writeZipped(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  await writeOnce(path, (file) => pipeline(redactStream(content), gzip, (zipped) => file.writeFile(zipped)))
}

/** More than any private key has. A text that is longer without its end is none. */
const LONGEST_KEY = 65_536

/** The output of a program without secrets, in whole lines. Bytes that are no text pass unchanged. */
export async function* redactStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = ''
  for await (const chunk of chunks) {
    held += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    const end = endOfWhole(held)
    if (end === 0) continue
    yield Buffer.from(redactText(held.slice(0, end)), 'latin1')
    held = held.slice(end)
  }
  if (held !== '') yield Buffer.from(redactText(held), 'latin1')
}

/** After the last line break, but before a key that has not ended yet. A line that is too long to be one is cut. */
function endOfWhole(text: string): number {
  const begun = text.lastIndexOf('-----BEGIN')
  const isOpen = begun >= 0 && !text.includes('-----END', begun) && text.length - begun < LONGEST_KEY
  const end = text.lastIndexOf('\n', isOpen ? begun : undefined) + 1
  return end === 0 && text.length > 16 * LONGEST_KEY ? text.length : end
}

/** Checks a result before it is written, since JSON turns NaN into null, which would be found only when the run is read. */
function assertReadable(result: Result): void {
  const { error } = resultSchema.safeParse(result)
  if (!error) return
  const [issue] = error.issues
  throw new Failure('not-storable', `the result of trial ${result.trial.id} could not be read back`, {
    cause: `${issue?.path.join('.')}: ${issue?.message}`,
    remedy: 'This is a defect of meshbench: please report it.',
  })
}

function fileSafe(name: string): string {
  if (!isPathName(name)) throw new TypeError(`not a file name: ${name}`)
  return name
}

/** events.jsonl: what happened, in order, for whoever looks for the cause of something. Only appended to. */
interface Journal {
  /** `digest`: of the file that holds a result. */
  add(event: Event, digest: string | undefined): Promise<void>
  close(): Promise<void>
}

async function openJournal(path: string): Promise<Journal> {
  const file = await open(path, 'a+')
  let held = (await endsWithinLine(file)) ? '\n' : ''
  const flush = async () => {
    const text = held
    held = ''
    await file.appendFile(text)
  }
  return {
    add: async (event, digest) => {
      held += eventLine(event, digest)
      // Even a small write may reach the disk within the window that begins now, so it waits for the next event.
      if (opensWindow(event)) return
      await flush()
    },
    close: async () => {
      // Results are safe already; a last line that finds no room must not hide what ended the run.
      await flush().catch(() => undefined)
      await file.close()
    },
  }
}

/** A writer that was killed may have left a part of a line. */
async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer.toString() !== '\n'
}

/** An event as a line of the journal: without what stands in run.json and in the trial's own file. */
function eventLine(event: Event, digest: string | undefined): string {
  return `${JSON.stringify({ ...redact(withoutBulk(event)), ...(digest && { digest }) })}\n`
}

function withoutBulk(event: Event): object {
  const { at, type } = event
  switch (event.type) {
    case 'run':
      return { at, type, trials: event.trials, finished: event.finished }
    case 'cohort':
      return { at, type, cohort: event.cohort.cohort, blocks: event.cohort.blocks.map(({ block }) => block) }
    case 'visit': {
      const { arm, trials } = event.visit
      return { at, type, cohort: event.cohort, block: event.block, arm, trials: trials.map(({ id }) => id) }
    }
    case 'installed': {
      const { arm, digest } = event.installation
      return { at, type, arm, digest }
    }
    case 'phase':
      return { at, type, trial: event.trial.id, phase: event.phase, seconds: event.seconds }
    case 'searched':
      return { at, type, trial: event.trial.id }
    case 'result': {
      const { trial, outcome } = event.result
      const failure = outcome.status === 'failed' ? { failure: outcome.failure } : {}
      return { at, type, trial: trial.id, status: outcome.status, ...failure, raw: event.raw.map(({ name }) => name) }
    }
    default:
      return event
  }
}

const resultLine = z.object({ type: z.literal('result'), trial: z.string(), digest: z.string() })

/**
 * What the journal of a run has of its trials. A digest is the last one, since a trial whose file was moved away is measured
 * again. There are none in runs of before, nor of what a writer that was killed had not written yet.
 */
export function readJournal(dir: string): TrialJournal {
  const digests = new Map<string, string>()
  const repeated = new Set<string>()
  let starts = 0
  let isDone = false
  for (const line of journalLines(join(dir, RUN_FOLDER.events))) {
    if (line.includes('"type":"run"')) {
      starts++
      isDone = false
    }
    if (line.includes('"type":"done"')) isDone = true
    if (!line.includes('"digest"')) continue
    const { data } = resultLine.safeParse(parsed(line))
    if (!data) continue
    if (digests.has(data.trial) && digests.get(data.trial) !== data.digest) repeated.add(data.trial)
    digests.set(data.trial, data.digest)
  }
  return { digests, repeated: [...repeated], starts, isDone }
}

function* journalLines(path: string): Generator<string> {
  try {
    yield* ownLines(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    if (!(error instanceof TypeError)) throw error
    throw new Failure('damaged-run', `${path} cannot be used`, {
      cause: error,
      remedy:
        'Restore it from a copy, or move it away: the trials are read without it, and the gate says that it is missing.',
    })
  }
}

/** A writer that was killed may have left a part of a line. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** SHA-256 of the text of a trial's file. */
export function textDigest(text: string): string {
  return sha256(text)
}

/** Makes the folder of a new run, with run.json in it, and becomes its only writer. */
export async function createRun(root: string, run: Run): Promise<RunWriter> {
  const dir = join(root, fileSafe(run.id))
  try {
    await mkdir(root, { recursive: true })
    await makeFolder(dir, run.id)
    await mkdir(join(dir, RUN_FOLDER.trials))
    await mkdir(join(dir, RUN_FOLDER.raw))
    const writer = await openWriter(dir, await lockFolder(dir))
    try {
      // Last: only with run.json a folder is a run.
      await writeOnce(join(dir, RUN_FOLDER.run), (file) => file.writeFile(`${JSON.stringify(run, undefined, 2)}\n`))
      await syncFolder(root)
    } catch (error) {
      await writer.close()
      throw error
    }
    return writer
  } catch (error) {
    throw storageFailure(error, dir)
  }
}

async function makeFolder(dir: string, id: string): Promise<void> {
  try {
    await mkdir(dir)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new Failure('run-exists', `there is already a run ${id}`, {
      cause: `${dir} exists`,
      remedy: `Continue it with \`meshbench run --resume ${id}\`, or start again: every run gets a new name.`,
    })
  }
}
