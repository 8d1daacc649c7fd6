import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { Failure } from '../model/failure.ts'
import { isRunId } from './run-id.ts'

/** The folder of a run that is named by its path, its id, or the beginning of its id; the newest when none is named. */
export async function findRun(root: string, given?: string, cwd = process.cwd()): Promise<string> {
  if (given !== undefined) {
    const path = basename(given) === 'run.json' ? dirname(given) : given
    if ((await createdAt(resolve(cwd, path))) !== undefined) return resolve(cwd, path)
  }
  const ids = await listRuns(root)
  const [newest] = ids
  if (newest === undefined) throw noRuns(root, given)
  if (given === undefined) return join(root, newest)
  const fitting = ids.includes(given) ? [given] : ids.filter((id) => id.startsWith(given))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return join(root, only)
  throw fitting.length > 1 ? ambiguous(given, fitting) : unknown(root, given, ids)
}

/** Ids of the runs in a folder, the newest first. */
export async function listRuns(root: string): Promise<string[]> {
  const names = await readdir(root).catch(() => [])
  const runs = await Promise.all(names.map(async (id) => ({ id, created: await createdAt(join(root, id)) })))
  // Ids sort by minute; within one, run.json tells, which is written once. Folders that were renamed come last.
  const key = (id: string) => (isRunId(id) ? id.slice(0, 15) : '')
  return runs
    .filter((run): run is { id: string; created: number } => run.created !== undefined)
    .sort((a, b) => key(b.id).localeCompare(key(a.id)) || b.created - a.created)
    .map(({ id }) => id)
}

async function createdAt(dir: string): Promise<number | undefined> {
  return stat(join(dir, 'run.json')).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

function noRuns(root: string, given?: string): Failure {
  const wanted = given === undefined ? 'there is no run yet' : `there is no run ${given}`
  return new Failure('unknown-run', wanted, { cause: `${root} holds no runs`, fix: 'Make one with `meshbench run`.' })
}

function ambiguous(given: string, fitting: readonly string[]): Failure {
  return new Failure('unknown-run', `${given} could be any of ${fitting.length} runs`, {
    cause: list(fitting),
    fix: 'Name more of the id.',
  })
}

function unknown(root: string, given: string, ids: readonly string[]): Failure {
  const nearest = [...ids].sort((a, b) => distance(given, a) - distance(given, b))
  return new Failure('unknown-run', `there is no run ${given} in ${root}`, {
    cause: `the nearest of ${ids.length}: ${list(nearest)}`,
    fix: 'Name a run by its id, by the beginning of its id, or by the path of its folder.',
  })
}

function list(ids: readonly string[]): string {
  return ids.slice(0, 5).join(', ') + (ids.length > 5 ? ', …' : '')
}
