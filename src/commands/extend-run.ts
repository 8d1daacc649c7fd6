import { resolve } from 'node:path'
import { provisions } from '../analyse/provisions.ts'
import { suspectsOf } from '../gate/suspects.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { blockCount, trialsOf } from '../model/plan.ts'
import type { Suspect } from '../model/result.ts'
import { extendPlan } from '../plan/extend-plan.ts'
import { writeExtension } from '../store/extension.ts'
import { findRun } from '../store/find-run.ts'
import { chooseLimits } from './choose-limits.ts'
import { analysisOf, type GateOptions, judge } from './gate.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Adds to a run the blocks that its gate needs for what it suspects; the answer is the folder of the run, to be resumed.
 * Undefined where nothing is suspected. What was added before is gone on with: a third look would spend what two may.
 */
export async function extendRun(
  given: string | true,
  options: GateOptions,
  { cwd, stderr }: Surroundings,
): Promise<string | undefined> {
  const dir = await findRun(resolve(cwd, options.results), given === true ? undefined : given)
  const analysis = await analysisOf(dir)
  const { run } = analysis.record
  if (run.extension) return analysis.missing.length > 0 ? dir : nothingToDo(`${run.id} was extended already`, stderr)
  refuseUnfinished(analysis)
  const limits = await chooseLimits(run, options, cwd)
  if (limits.pinned !== undefined) return nothingToDo('a pinned reference is confirmed by the next run', stderr)
  const suspects = suspectsOf(await judge(analysis, options, cwd))
  if (suspects.length === 0) return nothingToDo(`the gate suspects nothing in ${run.id}`, stderr)
  const cohorts = extendPlan(run.plan, {
    suspects,
    blocks: Math.max(...suspects.map((suspect) => limits.blocks.extendTo - plannedBlocks(analysis, suspect))),
    provisionsAnew: provisions(analysis.record),
  })
  await writeExtension(dir, run, { madeAt: new Date().toISOString(), suspects, cohorts })
  const named = suspects.map(({ arm, reference, load }) => `${arm} against ${reference} under ${load}`)
  const added = blockCount({ cohorts })
  stderr.write(`${added} more blocks of ${named.join('; ')}\n`)
  return dir
}

function nothingToDo(why: string, stderr: Surroundings['stderr']): undefined {
  stderr.write(`${why}: no block is added\n`)
}

function refuseUnfinished({ missing, record }: Analysis): void {
  if (missing.length === 0 && record.unreadable.length === 0) return
  const { id } = record.run
  throw new Failure('no-valid-data', `${id} is not finished, so its first stage cannot be judged`, {
    cause: `${missing.length} planned trials were not run, ${record.unreadable.length} files cannot be read`,
    fix: `Finish it: meshbench run --resume ${id}`,
  })
}

function plannedBlocks({ record }: Analysis, { arm, reference, load }: Suspect): number {
  const blocksOf = (name: string) => {
    const trials = trialsOf(record.run.plan).filter((trial) => trial.arm === name && trial.load === load)
    return new Set(trials.map(({ block }) => block))
  }
  return blocksOf(arm).intersection(blocksOf(reference)).size
}
