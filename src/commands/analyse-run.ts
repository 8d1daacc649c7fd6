import { setFlagsFromString } from 'node:v8'
import { analyseExamined } from '../analyse/analyse.ts'
import { examiner } from '../analyse/judge-trial.ts'
import type { Analysis, JudgedTrial } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { isOperated } from '../model/scenario.ts'
import { readRun } from '../store/read-run.ts'

/**
 * From now on the engine collects before its heap is a third larger than what is held. Left alone, it lets the heap of a large run or
 * page grow to twice to four times as much, and gives little back.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30')
}

/** Reads a run from its folder and analyses it. Each trial is examined while its file is read, and most of it is not held. */
export async function analyseRun(dir: string): Promise<Analysis> {
  keepHeapSmall()
  return analyseExamined(await readRun(dir, examiner))
}

/** An analysis as `--json` writes it: with all of every trial, which is read when it is written. */
export function wholeAnalysis(analysis: Analysis): object {
  const { trials } = analysis
  const { journal: _, ...record } = analysis.record
  const whole = ({ trial: { id } }: JudgedTrial['result']) => ({ toJSON: () => record.details(id) })
  return {
    ...analysis,
    record: { ...record, results: record.results.map(whole) },
    trials: trials.map((trial) => ({ ...trial, result: whole(trial.result) })),
  }
}

/** Refuses a run that searched capacities, or had operations, for what reads figures at given rates. `what`: the command, as a sentence begins. */
export function refuseUnsteady({ record }: Pick<Analysis, 'record'>, what: string): void {
  const { id, plan } = record.run
  const load = plan.scenario.loads.find(({ capacity }) => capacity)
  const operated = plan.scenario.loads.find(isOperated)
  if (operated) {
    throw new Failure('not-comparable', `${what} cannot use run ${id}, whose loads had operations`, {
      cause: `under ${operated.name} pods were stopped and started, so that no latency of it is steady`,
      remedy: `See its page and table, which compare its arms: meshbench report ${id}. For ${what}, measure without operation.`,
    })
  }
  if (!load) return
  throw new Failure('not-comparable', `${what} cannot use run ${id}, which searched capacities`, {
    cause: `its load ${load.name} has no rate of its own: every arm and block was measured at other rates`,
    remedy: `See its page and table, which compare its arms: meshbench report ${id}. For ${what}, measure at a rate that all arms carry.`,
  })
}
