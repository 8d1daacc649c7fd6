import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'

/** What the folders of a kind of run have, and what makes one. */
export interface RunKind {
  readonly file: string
  readonly madeBy: string
}
const MEASURED: RunKind = { file: RUN_FOLDER.run, madeBy: 'meshbench run' }
export const PROBED: RunKind = { file: RUN_FOLDER.featureRun, madeBy: 'meshbench features' }

/**
 * The folder of a run that is named by its path, its id, or the beginning of its id. When none is named: the newest with the
 * name that `run` gave it; only where there is none, one with another name, such as an example.
 */
export async function findRun(root: string, given?: string, cwd = process.cwd(), kind = MEASURED): Promise<string> {
  if (given !== undefined) {
    const path = basename(given) === kind.file ? dirname(given) : given
    if ((await createdAt(resolve(cwd, path), kind)) !== undefined) return resolve(cwd, path)
  }
  const ids = await listRuns(root, kind)
  if (ids.length === 0) throw noRuns(root, given, kind)
  if (given === undefined) return join(root, ids.find(isRunId) ?? (ids[0] as string))
  const fitting = ids.includes(given) ? [given] : ids.filter((id) => id.startsWith(given))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return join(root, only)
  throw fitting.length > 1 ? ambiguous(given, fitting) : unknown(root, given, ids)
}

/** Ids of the runs in a folder, the newest first. */
export async function listRuns(root: string, kind = MEASURED): Promise<string[]> {
  const names = await readdir(root).catch(() => [])
  const runs = await Promise.all(names.map(async (id) => ({ id, created: await createdAt(join(root, id), kind) })))
  // Ids sort by minute; within one, run.json tells, which is written once. Folders that were renamed come last.
  const key = (id: string) => (isRunId(id) ? id.slice(0, 15) : '')
  return runs
    .filter((run): run is { id: string; created: number } => run.created !== undefined)
    .sort((a, b) => key(b.id).localeCompare(key(a.id)) || b.created - a.created)
    .map(({ id }) => id)
}

async function createdAt(dir: string, { file }: RunKind): Promise<number | undefined> {
  return stat(join(dir, file)).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

function noRuns(root: string, given: string | undefined, { madeBy }: RunKind): Failure {
  const wanted = given === undefined ? 'there is no run yet' : `there is no run ${given}`
  return new Failure('unknown-run', wanted, { cause: `${root} has no runs`, remedy: `Make one with \`${madeBy}\`.` })
}

function ambiguous(given: string, fitting: readonly string[]): Failure {
  return new Failure('unknown-run', `${given} matches ${fitting.length} runs`, {
    cause: list(fitting),
    remedy: 'Use a longer part of the id.',
  })
}

function unknown(root: string, given: string, ids: readonly string[]): Failure {
  const nearest = [...ids].sort((a, b) => distance(given, a) - distance(given, b))
  return new Failure('unknown-run', `there is no run ${given} in ${root}`, {
    cause: `the nearest of ${ids.length}: ${list(nearest)}`,
    remedy: 'Name a run by its id, by the beginning of its id, or by the path of its folder.',
  })
}

function list(ids: readonly string[]): string {
  return ids.slice(0, 5).join(', ') + (ids.length > 5 ? ', …' : '')
}

/**
 * A run's name: sorts by time (UTC), says what it is, and is fit for a folder and for a Kubernetes label (63 characters):
 * `2026-11-22T1034-quick-k3f9`.
 * @param random a number in [0, 1)
 */
export function runId(now: Date, scenario: string, random: () => number): string {
  const minute = now.toISOString().slice(0, 16).replace(':', '')
  const name = scenario.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const tail = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return [minute, name.slice(0, 40).replaceAll(/^-|-$/g, ''), tail].filter(Boolean).join('-')
}

/** Whether a folder bears a name that was made here, and so sorts by time. */
export function isRunId(name: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d{4}-/.test(name)
}

/** What the analysis and the page of a run are made of. */
const FILES = [RUN_FOLDER.run, RUN_FOLDER.extension]
const FOLDERS = [RUN_FOLDER.trials, RUN_FOLDER.arms]

/**
 * SHA-256 over everything that a page is made of, by content: times of files say nothing where a run was copied, as it is
 * between the machines of a CI.
 */
export function runDigest(dir: string): string {
  const hash = createHash('sha256')
  for (const name of contentsOf(dir)) {
    // What is no file of the run is not read when the page is made either.
    const content = lstatSync(join(dir, name)).isFile() ? readFileSync(join(dir, name)) : ''
    hash.update(`${JSON.stringify(name)} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

/** Names of folders that are runs or were meant to be: a damaged one is not passed over. In order, the oldest first. */
export function runFolders(root: string): string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => [RUN_FOLDER.run, RUN_FOLDER.trials].some((part) => existsSync(join(root, name, part))))
    .sort()
}

function contentsOf(dir: string): string[] {
  const files = FILES.filter((name) => existsSync(join(dir, name)))
  const within = FOLDERS.filter((name) => lstatSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory()).flatMap(
    (folder) =>
      readdirSync(join(dir, folder))
        .filter((name) => !name.startsWith('.'))
        .sort()
        .map((name) => join(folder, name)),
  )
  return [...files, ...within]
}
