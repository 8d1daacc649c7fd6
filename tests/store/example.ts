import { randomBytes } from 'node:crypto'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import type { Event } from '../../src/model/event.ts'
import type { Plan, Trial } from '../../src/model/plan.ts'
import type { RawOutput } from '../../src/model/platform.ts'
import { RESULT_SCHEMA, type Reading, type Result, type Run } from '../../src/model/result.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { testFolder } from '../temporary-folder.ts'

/** A folder for one test, as tests of the store hold it. */
export async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  return { path: testFolder(), async [Symbol.asyncDispose]() {} }
}

/** Two arms, one load, one cohort. */
export function examplePlan(blocks = 2): Plan {
  const trials = (block: number): Trial[] =>
    ['none', 'envoy-sidecar'].map((arm, index) => ({
      id: `c1-b${String(block).padStart(2, '0')}-${arm}-http-1k`,
      cohort: 1,
      block,
      arm,
      load: 'http-1k',
      position: index + 1,
      order: (block - 1) * 2 + index + 1,
    }))
  const blockOf = (block: number) => ({
    block,
    visits: trials(block).map((trial) => ({ arm: trial.arm, trials: [trial] })),
  })
  return {
    scenario: {
      name: 'quick',
      profile: 'equalised',
      seed: 1,
      cohorts: 1,
      blocks,
      arms: [
        { name: 'none', mesh: 'none' },
        { name: 'envoy-sidecar', mesh: 'envoy-sidecar' },
      ],
      loads: [
        {
          name: 'http-1k',
          tool: 'fortio',
          protocol: 'http',
          rate: 1000,
          connections: 16,
          payload: 0,
          warmup: 1,
          duration: 30,
        },
      ],
      simulation: {
        latency: 0.001,
        spread: 0.3,
        effects: {},
        noise: { trial: 0, block: 0, cohort: 0 },
        drift: 1,
        faults: [],
        pace: 0,
      },
    },
    cohorts: [{ cohort: 1, blocks: Array.from({ length: blocks }, (_, index) => blockOf(index + 1)) }],
  }
}

export function exampleRun(plan = examplePlan(), id = '2026-11-22T1034-quick-k3f9'): Run {
  return {
    schema: RESULT_SCHEMA,
    id,
    startedAt: '2026-11-22T10:34:00.000Z',
    digest: planDigest(plan),
    plan,
    provenance: {
      meshbench: '0.1.0',
      node: 'v24.0.0',
      commandLine: ['meshbench', 'run'],
      machine: { os: 'Linux', kernel: '6.1', arch: 'x86_64', cpu: 'A CPU', cores: 2, memoryBytes: 4e9, load: 0.1 },
      platform: 'simulated',
      tools: [],
    },
  }
}

/** Of random latencies, so that no two are the same and their text does not compress. */
function exampleHistogram(): string {
  const histogram = latencyHistogram()
  for (const byte of randomBytes(3000)) histogram.record(byte * 1000 + 17 * (byte % 13), 1 + (byte % 100))
  return histogram.encode()
}

export function exampleReading(histogram = exampleHistogram(), seconds = 30): Reading {
  const column = (value: number) => Array.from({ length: seconds }, (_, second) => value + second)
  const usage = (component: string, role: 'application' | 'client-proxy' | 'server-proxy' | 'generator') => ({
    component,
    role,
    cpuSeconds: 1.25,
    memoryBytes: 2 ** 25,
    peakBytes: 2 ** 26,
    threads: 3,
  })
  return {
    tool: 'fortio',
    startedAt: 1795343640,
    seconds,
    planned: 1000 * seconds,
    requests: 1000 * seconds,
    errors: 0,
    dropped: 0,
    codes: { 200: 1000 * seconds },
    latency: { service: histogram, response: histogram },
    timeline: {
      requests: column(1000),
      errors: column(0),
      p50: column(400),
      p90: column(600),
      p99: column(900),
      max: column(2000),
    },
    generator: { connections: 16, late: { p50: 0.0001, p99: 0.001, max: 0.002 }, messages: [] },
    observation: {
      seconds,
      usage: [
        usage('server', 'application'),
        usage('client-envoy', 'client-proxy'),
        usage('server-envoy', 'server-proxy'),
        usage('fortio', 'generator'),
      ],
      evidence: [{ name: 'mtls', holds: true, seen: '16 handshakes', source: 'ssl.handshake' }],
      host: { cores: 2, busyCores: 1.5, clockStep: 0 },
    },
  }
}

export function exampleResult(
  run: Run,
  trial: Trial,
  outcome: Result['outcome'] = { status: 'measured', reading: exampleReading() },
): Result {
  return {
    schema: RESULT_SCHEMA,
    run: run.id,
    trial,
    startedAt: '2026-11-22T10:35:00.000Z',
    endedAt: '2026-11-22T10:35:31.000Z',
    outcome,
  }
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
