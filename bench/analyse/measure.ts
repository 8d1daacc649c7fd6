import { analyseExamined } from '../../src/analyse/analyse.ts'
import { type Examined, examiner } from '../../src/analyse/judge-trial.ts'
import { keepHeapSmall } from '../../src/commands/analyse-run.ts'
import { gate } from '../../src/gate/gate-run.ts'
import type { RunRecord } from '../../src/model/analysis.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { readRun } from '../../src/store/read-run.ts'

/**
 * Reads a run, analyses it and judges it, and prints what that took as JSON: `node measure.ts DIR`. A process of its own, as
 * a command is: nothing is compiled or kept from an earlier run, and the peak of memory is its own.
 */

export interface Spent {
  readonly wall: number
  readonly cpu: number
}

export interface Found {
  readonly files: number
  /** Trials that could not be read, or are invalid: there should be none, else little was done. */
  readonly lost: number
  readonly cells: number
  readonly judged: number
  readonly verdict: string
  /** In seconds. */
  readonly read: Spent
  readonly analyse: Spent
  readonly gate: Spent
  /** Reading, analysing and judging. */
  readonly together: Spent
  /** Merging the histograms that are drawn, which only a report does. */
  readonly merge: Spent
  /** Peak after judging, in bytes. */
  readonly memory: number
}

/** On a busy machine the CPU time says more than the wall clock. */
function now(): Spent {
  const { user, system } = process.cpuUsage()
  return { wall: performance.now() / 1e3, cpu: (user + system) / 1e6 }
}

const between = (from: Spent, to: Spent): Spent => ({ wall: to.wall - from.wall, cpu: to.cpu - from.cpu })

async function measure(dir: string): Promise<Found> {
  keepHeapSmall()
  const started = now()
  let record: RunRecord<Examined> | undefined = await readRun(dir, examiner)
  const read = now()
  const analysis = analyseExamined(record)
  // As in a command, nothing holds it from here on.
  record = undefined
  const analysed = now()
  const judged = gate(analysis, { limits: defaultLimits(), today: '2026-01-01' })
  const gated = now()
  const memory = process.resourceUsage().maxRSS * 1024
  if (analysis.distributions.length === 0) throw new Error('nothing is drawn')
  const merged = now()
  const invalid = analysis.trials.filter(({ status }) => status !== 'valid').length
  return {
    files: analysis.record.results.length,
    lost: analysis.record.unreadable.length + invalid,
    cells: analysis.cells.length,
    judged: judged.cells.length,
    verdict: judged.verdict,
    read: between(started, read),
    analyse: between(read, analysed),
    gate: between(analysed, gated),
    together: between(started, gated),
    merge: between(gated, merged),
    memory,
  }
}

const [dir] = process.argv.slice(2)
if (import.meta.main && dir !== undefined) console.log(JSON.stringify(await measure(dir)))
