import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { z } from 'zod'
import { MOST_BYTES, readOwnFile } from '../host/regular-file.ts'
import { sha256 } from '../host/sha256.ts'
import { latencyTrouble } from '../loads/stored-latency.ts'
import type { RunRecord, TrialDetails } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { type Plan, plannedId, type Trial, trialAt, trialsOf } from '../model/plan.ts'
import {
  EXTENSION_SCHEMA,
  type Extension,
  provenanceSchema,
  type Result,
  RUN_SCHEMA,
  type Run,
  resultSchema,
} from '../model/result.ts'
import { isPathName, RUN_FOLDER } from '../model/run-folder.ts'
import { cohortsSchema, storedPlanSchema } from '../model/stored-plan.ts'
import { extended } from '../plan/extend-plan.ts'
import { planText } from '../plan/make-plan.ts'
import { lockFolder } from './folder-lock.ts'
import { readInstallations } from './installations.ts'
import { readJournal, textDigest } from './run-writer.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'
import { errnoOf, storageFailure, writeOnce } from './write-once.ts'

/** From so many files on, compiling a check pays. */
const MANY = 500

function readersFor(files: number): Readers<Result> {
  return { 1: files < MANY ? (data) => resultSchema.parse(data) : compiledCheck() }
}

/** What is held of each trial, `trial` being what the plan has of it, by whoever reads a run. */
export type Holding<Held> = (run: Run) => (whole: Result, trial: Trial) => Held

/** Reads a run back from its folder. What cannot be read of its trials is listed; without run.json it is no run. */
export async function readRun(dir: string): Promise<RunRecord<Result>>
/** As above, for runs of any size: a trial is whole only until `holding` has said what is held of it. */
export async function readRun<Held>(dir: string, holding: Holding<Held>): Promise<RunRecord<Held>>
export async function readRun(
  dir: string,
  holding: Holding<unknown> = () => (whole) => whole,
): Promise<RunRecord<unknown>> {
  const run = readRunFile(dir)
  const hold = holding(run)
  const planned = new Map(trialsOf(run.plan).map((trial) => [`${trial.id}.json`, trial]))
  const results: unknown[] = []
  const unreadable: RunRecord['unreadable'][number][] = []
  const doubtful: { trial: string; reason: string }[] = []
  const names = trialFiles(dir)
  const readers = readersFor(names.length)
  const journal = readJournal(dir)
  const { digests } = journal
  const read = new Map<string, Digest>()
  for (const name of inPlannedOrder(names, planned)) {
    const file = join(RUN_FOLDER.trials, name)
    try {
      // One after the other: for thousands of small files this is several times faster than asynchronous reads.
      const text = readOwnFile(join(dir, file), MOST_BYTES.trial)
      const result = readVersioned(readers, text)
      const trial = assertBelongs(result, name, run, planned)
      const digest = textDigest(text)
      const reason = assertUnchanged(result, digest, digests)
      if (reason !== undefined) doubtful.push({ trial: trial.id, reason })
      read.set(trial.id, Buffer.from(digest, 'hex').toString('latin1'))
      results.push(hold(result, trial))
    } catch (error) {
      unreadable.push({ file, reason: reasonOf(error) })
    }
  }
  unreadable.sort((a, b) => (a.file < b.file ? -1 : 1))
  const installed = readInstallations(dir)
  const undigested = read.keys().reduce((sum, id) => sum + (digests.has(id) ? 0 : 1), 0)
  return {
    run,
    results,
    installations: installed.installations,
    unreadable: [...unreadable, ...installed.unreadable],
    ...(undigested > 0 && { undigested }),
    ...(doubtful.length > 0 && { doubtful }),
    journal,
    details: detailsIn(dir, readers, read),
  }
}

/** SHA-256 of a file, a byte a character: a run may have a hundred thousand. */
type Digest = string

/** Reads a trial again. Its file must be the one that was read and checked before, else charts would not be of the analysis. */
function detailsIn(dir: string, readers: Readers<Result>, read: ReadonlyMap<string, Digest>): TrialDetails {
  return (trial) => {
    const path = join(dir, RUN_FOLDER.trials, `${trial}.json`)
    try {
      const text = readOwnFile(path, MOST_BYTES.trial)
      if (Buffer.from(textDigest(text), 'hex').toString('latin1') !== read.get(trial)) {
        throw new TypeError('it is not the file that was read before')
      }
      return readVersioned(readers, text)
    } catch (error) {
      throw new Failure('damaged-results', `${path} changed while it was analysed`, {
        cause: reasonOf(error),
        remedy: 'Repeat the command when nothing else writes to this run.',
      })
    }
  }
}

/** The file that the planned trial would have, of which a search's trial is one. */
function plannedFile(name: string): string {
  return `${plannedId(name.replace(/\.json$/, ''))}.json`
}

/** Files that the plan does not know last; the trials of a search in the order of their names. */
function inPlannedOrder(names: readonly string[], planned: ReadonlyMap<string, Trial>): string[] {
  const order = (name: string) => (planned.get(name) ?? planned.get(plannedFile(name)))?.order ?? Number.MAX_VALUE
  return names.toSorted((a, b) => order(a) - order(b))
}

/** Names in order, without what a writer is at work on. */
function trialFiles(dir: string): string[] {
  try {
    const names = readdirSync(join(dir, RUN_FOLDER.trials))
    return names.filter((name) => !name.startsWith('.')).sort()
  } catch (error) {
    // An empty folder is easily lost when a run is copied.
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** A file that was copied from elsewhere or renamed is not evidence of this run. */
function assertBelongs(result: Result, name: string, run: Run, planned: ReadonlyMap<string, Trial>): Trial {
  const { trial } = result
  if (result.run !== run.id) throw new TypeError(`a result of another run, ${result.run}`)
  if (name !== `${trial.id}.json`) throw new TypeError(`its name does not fit its trial, ${trial.id}`)
  const plan = planned.get(name) ?? planned.get(plannedFile(name))
  if (!plan) throw new TypeError('the plan has no such trial')
  for (const key of ['cohort', 'block', 'arm', 'load', 'position', 'order'] as const) {
    if (plan[key] !== trial[key]) throw new TypeError(`${key} is ${trial[key]}, but ${plan[key]} in the plan`)
  }
  return withStep(plan, trial, run)
}

/** A search's trial is what the plan has of its search, and its own rate within the range. Other trials have none. */
function withStep(plan: Trial, { id, step }: Trial, { plan: { scenario } }: Run): Trial {
  const { capacity } = scenario.loads.find(({ name }) => name === plan.load) ?? {}
  if (!capacity && !step) return plan
  if (!capacity) throw new TypeError('it is a trial of a search, but its load searches nothing')
  if (!step) throw new TypeError('it has no rate, but its load is searched')
  if (step.rate < capacity.min || step.rate > capacity.max) {
    throw new TypeError(`its rate, ${step.rate}, is not between ${capacity.min} and ${capacity.max}`)
  }
  const trial = trialAt(plan, step)
  if (trial.id !== id) throw new TypeError(`its name does not fit its number, ${step.number}`)
  return trial
}

/** A result whose figures were changed, or that stands for another, is not what was measured. Returns what is doubtful of it. */
function assertUnchanged(
  { trial, outcome }: Result,
  digest: string,
  digests: ReadonlyMap<string, string>,
): string | undefined {
  if ((digests.get(trial.id) ?? digest) !== digest) {
    throw new TypeError(
      `it is not the file that was written when this trial ended (${RUN_FOLDER.events} has its digest)`,
    )
  }
  const { wrong, doubtful } = outcome.status === 'measured' ? latencyTrouble(outcome.reading) : {}
  if (wrong) throw new TypeError(wrong)
  return doubtful
}

const runSchema = z.object({
  schema: z.literal(RUN_SCHEMA),
  id: z.string(),
  startedAt: z.string(),
  digest: z.string(),
  plan: storedPlanSchema,
  provenance: provenanceSchema,
})

/** What is read itself: zod's copy has other orders of keys, and loads and arms are compared as text. */
function checked<T>(schema: z.ZodType, data: unknown): T {
  schema.parse(data)
  return data as T
}

const RUN_READERS: Readers<Run> = { 1: (data) => checked<Run>(runSchema, data) }

/** Reads run.json, and what was added to the run since. */
export function readRunFile(dir: string): Run {
  let run: Run
  assertOwnParts(dir)
  try {
    run = readVersioned(RUN_READERS, readOwnFile(join(dir, RUN_FOLDER.run)))
    assertPathNames({ 'its id': [run.id], ...namesOf(run.plan) })
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR' ? notARun(dir) : damaged(dir, reasonOf(error))
  }
  if (planDigest(run.plan) !== run.digest) throw damaged(dir, 'its plan is not the one that its digest was made of')
  return withExtension(dir, run)
}

/** What is read and written within a run's folder besides single files. */
const PARTS = [
  [RUN_FOLDER.trials, 'folder'],
  [RUN_FOLDER.raw, 'folder'],
  [RUN_FOLDER.arms, 'folder'],
  [RUN_FOLDER.events, 'file'],
] as const

/** A link would have us read, write and remove somewhere else, and a run may be somebody else's. */
function assertOwnParts(dir: string): void {
  for (const [name, kind] of PARTS) {
    const found = lstatSync(join(dir, name), { throwIfNoEntry: false })
    if (!found || (kind === 'folder' ? found.isDirectory() : found.isFile())) continue
    throw new Failure('damaged-run', `${join(dir, name)} is not a ${kind} of this run`, {
      cause: found.isSymbolicLink() ? 'it is a link, which may lead out of the run' : `it is no ${kind}`,
      remedy: `Put the ${kind} itself in its place. To keep results on another disk, name a folder there with --results.`,
    })
  }
}

/** The names in a plan that become parts of paths, by what they are. */
function namesOf({ scenario, cohorts }: Pick<Plan, 'cohorts'> & Partial<Plan>): Readonly<Record<string, unknown[]>> {
  const trials = trialsOf({ cohorts })
  return {
    'the id of a trial': trials.map(({ id }) => id),
    'the name of an arm': [...trials.map(({ arm }) => arm), ...(scenario?.arms ?? []).map(({ name }) => name)],
    'the name of a load': [...trials.map(({ load }) => load), ...(scenario?.loads ?? []).map(({ name }) => name)],
  }
}

/** A run of somebody else may name what it likes: `../x` would be written, and removed, outside of its folder. */
function assertPathNames(names: Readonly<Record<string, unknown[]>>): void {
  for (const [what, all] of Object.entries(names)) {
    const wrong = all.findIndex((name) => !isPathName(name))
    if (wrong !== -1) throw new TypeError(`${what}, ${JSON.stringify(all[wrong])}, is not fit for a file name`)
  }
}

function notARun(dir: string): Failure {
  return new Failure('unknown-run', `${dir} is not a run`, {
    cause: 'it has no run.json',
    remedy: 'Name the folder of a run, or a run by its id.',
  })
}

function damaged(dir: string, reason: string): Failure {
  return new Failure('damaged-run', `${join(dir, RUN_FOLDER.run)} cannot be used`, {
    cause: reason,
    remedy: 'If it was changed, restore the original; if a newer meshbench wrote it, update meshbench.',
  })
}

/**
 * Reads thousands of results several times as fast as zod, which copies what it reads: ajv, compiled from the very same
 * schema, only looks. What it does not like goes to zod, which says what is wrong. Compiling takes as long as some
 * hundred results do.
 */
function compiledCheck(): (data: unknown) => Result {
  const { $schema: _, ...schema } = z.toJSONSchema(resultSchema, {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // The one custom schema there is: columns of numbers.
      if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, { type: 'array', items: { type: 'number' } })
    },
  })
  const isResult = new Ajv({ strict: false, strictNumbers: true, validateSchema: false }).compile<Result>(schema)
  // A failure is also rewritten, which only the schema does.
  return (data) => (isResult(data) && data.outcome.status === 'measured' ? data : resultSchema.parse(data))
}

const FILE = RUN_FOLDER.extension

const extensionSchema = z.object({
  schema: z.literal(EXTENSION_SCHEMA),
  run: z.string(),
  madeAt: z.string(),
  digest: z.string(),
  suspects: z.array(z.object({ arm: z.string(), reference: z.string(), load: z.string() })),
  cohorts: cohortsSchema,
})

const EXTENSION_READERS: Readers<Extension> = { 1: (data) => checked<Extension>(extensionSchema, data) }

/** Adds blocks to a run, which can be done once. */
export async function writeExtension(
  dir: string,
  run: Run,
  about: Pick<Extension, 'madeAt' | 'suspects' | 'cohorts'>,
): Promise<void> {
  const { cohorts } = about
  const digest = planDigest({ scenario: run.plan.scenario, cohorts })
  const extension: Extension = { schema: EXTENSION_SCHEMA, run: run.id, digest, ...about }
  try {
    const lock = await lockFolder(dir)
    try {
      await writeOnce(join(dir, FILE), (file) => file.writeFile(`${JSON.stringify(extension, undefined, 2)}\n`))
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw storageFailure(error, dir)
  }
}

/** A run as run.json has it, with what was added to it later. */
function withExtension(dir: string, run: Run): Run {
  const extension = readExtension(dir, run)
  return extension ? { ...run, plan: extended(run.plan, extension.cohorts), extension } : run
}

function readExtension(dir: string, run: Run): Extension | undefined {
  const path = join(dir, FILE)
  let extension: Extension
  try {
    extension = readVersioned(EXTENSION_READERS, readOwnFile(path))
    if (extension.run !== run.id) throw new TypeError(`it belongs to another run, ${extension.run}`)
    assertPathNames(namesOf(extension))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw damagedExtension(path, reasonOf(error))
  }
  const { cohorts, digest } = extension
  if (planDigest({ scenario: run.plan.scenario, cohorts }) === digest) return extension
  throw damagedExtension(path, 'its plan is not the one that its digest was made of')
}

function damagedExtension(path: string, reason: string): Failure {
  return new Failure('damaged-run', `${path} cannot be used`, {
    cause: reason,
    remedy: 'Restore the original: without it, the added trials belong to no plan.',
  })
}

/** SHA-256 of a plan, the same for the same plan whatever the order of its keys. */
export function planDigest(plan: Plan): string {
  return sha256(planText(plan))
}
