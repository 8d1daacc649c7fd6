import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../model/failure.ts'
import type { Cohort } from '../model/plan.ts'
import { type Extension, RESULT_SCHEMA, type Run } from '../model/result.ts'
import { extended } from '../plan/extend-plan.ts'
import { planDigest } from './digest.ts'
import { lockRun } from './lock.ts'
import { errnoOf, storageFailure } from './storage-failure.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'
import { writeOnce } from './write-once.ts'

const FILE = 'extension.json'

/** As of a run, the digest says more than checking the shape of the cohorts. */
const extensionSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  run: z.string(),
  madeAt: z.string(),
  digest: z.string(),
  suspects: z.array(z.object({ arm: z.string(), reference: z.string(), load: z.string() })),
  cohorts: z.custom<Cohort[]>((value) => Array.isArray(value)),
})

const READERS: Readers<Extension> = { 1: (data) => extensionSchema.parse(data) }

/** Adds blocks to a run, which can be done once. */
export async function writeExtension(
  dir: string,
  run: Run,
  about: Pick<Extension, 'madeAt' | 'suspects' | 'cohorts'>,
): Promise<void> {
  const { cohorts } = about
  const digest = planDigest({ scenario: run.plan.scenario, cohorts })
  const extension: Extension = { schema: RESULT_SCHEMA, run: run.id, digest, ...about }
  try {
    const lock = await lockRun(dir)
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
export function withExtension(dir: string, run: Run): Run {
  const extension = readExtension(dir, run)
  return extension ? { ...run, plan: extended(run.plan, extension.cohorts), extension } : run
}

function readExtension(dir: string, run: Run): Extension | undefined {
  const path = join(dir, FILE)
  let extension: Extension
  try {
    extension = readVersioned(READERS, readFileSync(path, 'utf8'))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw damaged(path, reasonOf(error))
  }
  if (extension.run !== run.id) throw damaged(path, `it belongs to another run, ${extension.run}`)
  const { cohorts, digest } = extension
  if (planDigest({ scenario: run.plan.scenario, cohorts }) === digest) return extension
  throw damaged(path, 'its plan is not the one that its digest was made of')
}

function damaged(path: string, reason: string): Failure {
  return new Failure('damaged-run', `${path} cannot be used`, {
    cause: reason,
    fix: 'Put the original back. Without it, the trials that were added to the run belong to nothing.',
  })
}
