import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../model/analysis.ts'
import { type Trial, trialsOf } from '../model/plan.ts'
import { type Result, type Run, resultSchema } from '../model/result.ts'
import { readInstallations } from './installations.ts'
import { readRunFile } from './read-run-file.ts'
import { compiledCheck } from './result-check.ts'
import { errnoOf } from './storage-failure.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'

/** From so many files on, compiling a check pays. */
const MANY = 500

function readersFor(files: number): Readers<Result> {
  return { 1: files < MANY ? (data) => resultSchema.parse(data) : compiledCheck() }
}

/** Reads a run back from its folder. What cannot be read of its trials is listed; without run.json it is no run. */
export async function readRun(dir: string): Promise<RunRecord> {
  const run = readRunFile(dir)
  const planned = new Map(trialsOf(run.plan).map((trial) => [trial.id, trial]))
  const results: Result[] = []
  const unreadable: RunRecord['unreadable'][number][] = []
  const names = trialFiles(dir)
  const readers = readersFor(names.length)
  for (const name of names) {
    const file = join('trials', name)
    try {
      // One after the other: for thousands of small files this is several times faster than asynchronous reads.
      const result = readVersioned(readers, readFileSync(join(dir, file), 'utf8'))
      assertBelongs(result, name, run, planned)
      results.push(result)
    } catch (error) {
      unreadable.push({ file, reason: reasonOf(error) })
    }
  }
  results.sort((a, b) => a.trial.order - b.trial.order)
  const installed = readInstallations(dir)
  return { run, results, installations: installed.installations, unreadable: [...unreadable, ...installed.unreadable] }
}

/** Names in order, without what a writer is at work on. */
function trialFiles(dir: string): string[] {
  try {
    const names = readdirSync(join(dir, 'trials'))
    return names.filter((name) => !name.startsWith('.')).sort()
  } catch (error) {
    // An empty folder is easily lost when a run is copied.
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** A file that was copied from elsewhere or renamed is not evidence of this run. */
function assertBelongs(result: Result, name: string, run: Run, planned: ReadonlyMap<string, Trial>): void {
  const { trial } = result
  if (result.run !== run.id) throw new TypeError(`a result of another run, ${result.run}`)
  if (name !== `${trial.id}.json`) throw new TypeError(`its name does not fit its trial, ${trial.id}`)
  const plan = planned.get(trial.id)
  if (!plan) throw new TypeError('the plan has no such trial')
  for (const key of ['cohort', 'block', 'arm', 'load', 'position', 'order'] as const) {
    if (plan[key] !== trial[key]) throw new TypeError(`${key} is ${trial[key]}, but ${plan[key]} in the plan`)
  }
}
