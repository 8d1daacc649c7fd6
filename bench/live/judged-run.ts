import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyseRun } from '../../src/commands/analyse-run.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import type { GateCell, GateResult } from '../../src/model/verdict.ts'
import { type LiveRun, scenarioText } from './scenario.ts'
import { measure, meshbench, type Said, type Stage } from './transcript.ts'

/** A run as a CI has it: measured, looked at, measured again where something is suspected, judged. */
export interface Judged {
  readonly run: LiveRun
  readonly said: readonly Said[]
  readonly gate: GateResult
  readonly analysis: Analysis
}

export async function judgeRun(run: LiveRun, stage: Stage): Promise<Judged> {
  const { name } = run
  writeFileSync(join(stage.cwd, `${name}.yaml`), scenarioText(run))
  const folder = ['--results', name]
  const resume = () => (existsSync(join(stage.cwd, name)) ? ['run', '--resume', ...folder] : first)
  const first = ['run', `${name}.yaml`, ...folder]
  const said = [await measure(first, resume, stage), await meshbench(['gate', ...folder], stage)]
  let gate = await verdictOf(folder, stage)
  if (gate.cells.some(({ suspected }) => suspected)) {
    const extend = ['run', '--extend', ...folder]
    said.push(await measure(extend, () => extend, stage), await meshbench(['gate', ...folder], stage))
    gate = await verdictOf(folder, stage)
  }
  return { run, said, gate, analysis: await analyseRun(runFolder(name, stage)) }
}

/** The same verdict for programs; it is no part of the transcript. */
async function verdictOf(folder: readonly string[], stage: Stage): Promise<GateResult> {
  const { output } = await meshbench(['gate', '--json', ...folder], { ...stage, say: () => {} })
  return (JSON.parse(output) as { gate: GateResult }).gate
}

export function runFolder(results: string, { cwd }: Pick<Stage, 'cwd'>): string {
  const [run = ''] = readdirSync(join(cwd, results))
  return join(cwd, results, run)
}

export function cellOf({ cells }: Pick<GateResult, 'cells'>, metric: string): GateCell | undefined {
  return cells.find((cell) => cell.arm === 'sidecar' && cell.metric.name === metric)
}

/** The median over blocks of what the reference arm showed, in seconds. */
export function levelOf({ cells }: Analysis, metric: string): number {
  const values = cells.find((cell) => cell.arm === 'sidecar-ref' && cell.metric === metric)?.values ?? []
  const sorted = values.map(({ value }) => value).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
