import { analyseExamined } from '../analyse/analyse.ts'
import { examiner } from '../analyse/judge-trial.ts'
import type { Analysis, JudgedTrial } from '../model/analysis.ts'
import { readRun } from '../store/read-run.ts'

/** Reads a run from its folder and analyses it. Each trial is examined while its file is read, and most of it is not held. */
export async function analyseRun(dir: string): Promise<Analysis> {
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
