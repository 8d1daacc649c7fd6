import { randomBytes } from 'node:crypto'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import type { Event } from '../../src/model/event.ts'
import type { Plan, Trial } from '../../src/model/plan.ts'
import type { RawOutput } from '../../src/model/platform.ts'
import type { Reading, Result, Run } from '../../src/model/result.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { readingOf } from '../build/reading.ts'
import { resultOf, runOf } from '../build/run.ts'
import { loadOf, none, planOf, scenarioOf, sidecar } from '../build/scenario.ts'
import { testFolder } from '../temporary-folder.ts'

/** A folder for one test, as tests of the store hold it. */
export async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  return { path: testFolder(), async [Symbol.asyncDispose]() {} }
}

const load = loadOf({ connections: 16, payload: 0, warmup: 1, duration: 30 })

/** Two arms, one load, one cohort. */
export function examplePlan(blocks = 2): Plan {
  const { platform: _, ...scenario } = scenarioOf({
    name: 'quick',
    cohorts: 1,
    blocks,
    arms: [none, sidecar],
    loads: [load],
  })
  return planOf(scenario, { rotates: false })
}

export function exampleRun(plan = examplePlan(), id = '2026-11-22T1034-quick-k3f9'): Run {
  return runOf(plan, { id, startedAt: '2026-11-22T10:34:00.000Z', digest: planDigest(plan) })
}

/** Of random latencies, so that no two are the same and their text does not compress. */
function exampleHistogram(): string {
  const histogram = latencyHistogram()
  for (const byte of randomBytes(3000)) histogram.record(byte * 1000 + 17 * (byte % 13), 1 + (byte % 100))
  return histogram.encode()
}

/** Without parts that would have to agree with the histogram. */
export function exampleReading(histogram = exampleHistogram(), seconds = load.duration): Reading {
  const { slices: _, ...reading } = readingOf({ arm: sidecar, load: { ...load, duration: seconds } })
  const timeline = { ...reading.timeline, p50: [], max: [] }
  return { ...reading, timeline, latency: { service: histogram, response: histogram } }
}

export function exampleResult(run: Run, trial: Trial, outcome?: Result['outcome']): Result {
  const times = { startedAt: '2026-11-22T10:35:00.000Z', endedAt: '2026-11-22T10:35:31.000Z' }
  return resultOf(trial, exampleReading(), { run: run.id, ...times, ...(outcome && { outcome }) })
}

export function resultEvent(result: Result, raw: readonly RawOutput[] = []): Event {
  return { at: 1795343671, type: 'result', result, raw }
}

export function rawOutput(name: string, ...chunks: string[]): RawOutput {
  async function* read() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  return { name, read }
}
