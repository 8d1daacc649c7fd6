import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { RawOutput } from '../model/platform.ts'
import { type Result, resultSchema } from '../model/result.ts'
import { writeInstallation } from './installations.ts'
import { openJournal } from './journal.ts'
import type { Lock } from './lock.ts'
import { errnoOf, storageFailure } from './storage-failure.ts'
import { writeOnce } from './write-once.ts'

/** Writes down what happens in a run. A result is on disk when `write` returns. */
export interface RunWriter extends AsyncDisposable {
  readonly dir: string
  write(event: Event): Promise<void>
  /** Gives the run up to other writers. */
  close(): Promise<void>
}

/** The writer has the lock from here on, and gives it back even where it cannot begin. */
export async function openWriter(dir: string, lock: Lock): Promise<RunWriter> {
  const journal = await openJournal(join(dir, 'events.jsonl')).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  const write = async (event: Event) => {
    if (event.type === 'result') await writeResult(dir, event.result, event.raw)
    if (event.type === 'installed') await writeInstallation(dir, event.installation)
    await journal.add(event)
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

/** The tool's own output first: a trial's file is the proof that all of the trial is there. */
async function writeResult(dir: string, result: Result, raw: readonly RawOutput[]): Promise<void> {
  const { id } = result.trial
  assertReadable(result)
  try {
    for (const output of raw) {
      await writeZipped(join(dir, 'raw', `${fileSafe(id)}.${fileSafe(output.name)}.gz`), output.read())
    }
    const text = `${JSON.stringify(result)}\n`
    await writeOnce(join(dir, 'trials', `${fileSafe(id)}.json`), (file) => file.writeFile(text))
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new Failure('already-stored', `trial ${id} already has a result, and results are never replaced`, {
      cause: error,
      fix: 'Start a new run; or, to have this trial measured again, move its file away and resume.',
    })
  }
}

/** Streamed: an access log may be larger than memory. */
async function writeZipped(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  await writeOnce(path, (file) => pipeline(content, gzip, (zipped) => file.writeFile(zipped)))
}

/** JSON has no NaN: what it would turn to null is found now, not when the night is over and the run is read back. */
function assertReadable(result: Result): void {
  const { error } = resultSchema.safeParse(result)
  if (!error) return
  const [issue] = error.issues
  throw new Failure('not-storable', `the result of trial ${result.trial.id} could not be read back`, {
    cause: `${issue?.path.join('.')}: ${issue?.message}`,
    fix: 'This is a mistake in meshbench: please report it.',
  })
}

function fileSafe(name: string): string {
  if (name === '' || name.startsWith('.') || basename(name) !== name) throw new TypeError(`not a file name: ${name}`)
  return name
}
