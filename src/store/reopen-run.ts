import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { plannedId, trialsOf } from '../model/plan.ts'
import type { Run } from '../model/result.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { isRunId, listRuns } from './find-run.ts'
import { lockFolder } from './folder-lock.ts'
import { sweepInstallations } from './installations.ts'
import { type Holding, readRun, readRunFile } from './read-run.ts'
import { openWriter, type RunWriter, readJournal } from './run-writer.ts'
import { storageFailure, sweepTemporary } from './write-once.ts'

interface Reopened<Held> {
  readonly run: Run
  /** Trials that have a result. One that failed is finished too: its failure was the world's answer, and files are never rewritten. */
  readonly finished: ReadonlySet<string>
  /** What is held of these. */
  readonly results: readonly Held[]
  readonly writer: RunWriter
}

/** The folder of the newest run in which planned trials have no result, if there is one. */
export async function newestUnfinished(root: string): Promise<string | undefined> {
  for (const id of (await listRuns(root)).filter(isRunId)) {
    const dir = join(root, id)
    if (await isUnfinished(dir).catch(() => false)) return dir
  }
  return undefined
}

/** Whether planned trials of a run have no result. Of a run with searches only its journal can say it, since they end themselves. */
export async function isUnfinished(dir: string): Promise<boolean> {
  const { plan, provenance } = readRunFile(dir)
  if (plan.scenario.loads.some(({ capacity }) => capacity)) {
    return provenance.mergedFrom === undefined && !readJournal(dir).isDone
  }
  const planned = trialsOf(plan).length
  const there = await readdir(join(dir, RUN_FOLDER.trials)).catch(() => [])
  return there.filter((name) => !name.startsWith('.')).length < planned
}

/**
 * Continues a run that was broken off: sweeps what its last writer left half done, and says what is finished. `holding`: what is
 * held of each of its trials.
 */
export async function reopenRun(dir: string): Promise<Reopened<unknown>>
export async function reopenRun<Held>(dir: string, holding: Holding<Held>): Promise<Reopened<Held>>
export async function reopenRun(
  dir: string,
  holding: Holding<unknown> = () => () => undefined,
): Promise<Reopened<unknown>> {
  // Before anything is written there: the folder may not be a run at all.
  readRunFile(dir)
  const lock = await lockFolder(dir).catch((error: unknown) => {
    throw storageFailure(error, dir)
  })
  try {
    const record = await readRun(dir, (run) => {
      const hold = holding(run)
      return (whole, trial) => ({ id: trial.id, held: hold(whole, trial) })
    })
    assertWhole(dir, record)
    const finished = new Set(record.results.map(({ id }) => id))
    await sweep(dir, record.run, finished)
    const results = record.results.map(({ held }) => held)
    return { run: record.run, finished, results, writer: await openWriter(dir, lock) }
  } catch (error) {
    await lock.release()
    throw storageFailure(error, dir)
  }
}

/** A damaged result is neither finished nor free to be written again, so a person decides. */
function assertWhole(dir: string, { unreadable }: Pick<RunRecord, 'unreadable'>): void {
  const [first] = unreadable
  if (!first) return
  const more = unreadable.length > 1 ? ` (and ${unreadable.length - 1} more)` : ''
  throw new Failure('damaged-results', `${dir} has results that cannot be read`, {
    cause: `${first.file}: ${first.reason}${more}`,
    remedy: `Move such files out of ${join(dir, RUN_FOLDER.trials)}: their trials are then measured again.`,
  })
}

async function sweep(dir: string, run: Run, finished: ReadonlySet<string>): Promise<void> {
  // An empty folder is easily lost when a run is copied.
  for (const folder of [RUN_FOLDER.trials, RUN_FOLDER.raw]) await mkdir(join(dir, folder), { recursive: true })
  for (const folder of [dir, join(dir, RUN_FOLDER.trials), join(dir, RUN_FOLDER.raw)]) await sweepTemporary(folder)
  await sweepInstallations(dir)
  const planned = new Set(trialsOf(run.plan).map(({ id }) => id))
  for (const name of await readdir(join(dir, RUN_FOLDER.raw))) {
    const trial = trialOf(name, planned)
    if (trial !== undefined && !finished.has(trial)) await rm(join(dir, RUN_FOLDER.raw, name))
  }
}

/** The trial, one of a search included, that a raw file `<id>.<name>.gz` belongs to; both parts may have dots, so the longest id wins. */
function trialOf(name: string, planned: ReadonlySet<string>): string | undefined {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const id = name.slice(0, dot)
    if (planned.has(id) || planned.has(plannedId(id))) return id
  }
  return undefined
}
