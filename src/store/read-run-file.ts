import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import { provenanceSchema, RESULT_SCHEMA, type Run } from '../model/result.ts'
import { planDigest } from './digest.ts'
import { withExtension } from './extension.ts'
import { errnoOf } from './storage-failure.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'

/** The plan is as it was written when its digest is right, which says more than checking its shape. */
const runSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  id: z.string(),
  startedAt: z.string(),
  digest: z.string(),
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null),
  provenance: provenanceSchema,
})

const READERS: Readers<Run> = { 1: (data) => runSchema.parse(data) as Run }

/** Reads run.json, and what was added to the run since. */
export function readRunFile(dir: string): Run {
  let run: Run
  try {
    run = readVersioned(READERS, readFileSync(join(dir, 'run.json'), 'utf8'))
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR' ? notARun(dir) : damaged(dir, reasonOf(error))
  }
  if (planDigest(run.plan) !== run.digest) throw damaged(dir, 'its plan is not the one that its digest was made of')
  return withExtension(dir, run)
}

function notARun(dir: string): Failure {
  return new Failure('unknown-run', `${dir} is not a run`, {
    cause: 'it holds no run.json',
    fix: 'Name the folder of a run, or a run by its id.',
  })
}

function damaged(dir: string, reason: string): Failure {
  return new Failure('damaged-run', `${join(dir, 'run.json')} cannot be used`, {
    cause: reason,
    fix: 'If it was changed, put the original back; if it was made by a newer meshbench, update this one.',
  })
}
