import { Writable } from 'node:stream'
import { detailsOf } from '../../src/analyse/analyse.ts'
import { metrics } from '../../src/analyse/metrics.ts'
import type { Analysis, Cell, Estimate, Standing } from '../../src/model/analysis.ts'
import type { Event } from '../../src/model/event.ts'
import { type Plan, trialsOf } from '../../src/model/plan.ts'
import type { Reading } from '../../src/model/result.ts'
import { styleFor } from '../../src/ui/terminal-style.ts'
import { examplePlan, exampleReading, exampleResult, exampleRun } from '../store/example.ts'

export const plain = styleFor({}, { LANG: 'en_US.UTF-8' })
export const ascii = styleFor({}, { LANG: 'C' })
export const coloured = styleFor({ isTTY: true }, { LANG: 'en_US.UTF-8', TERM: 'xterm-256color' })

/** A stream that keeps what it is given: one entry for each write. */
export function capture(terminal: { readonly columns: number; readonly rows: number } | undefined) {
  const writes: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString())
      done()
    },
  })
  return { writes, stream: Object.assign(stream, terminal ? { isTTY: true, ...terminal } : {}) }
}

export const AT = Date.UTC(2026, 10, 22, 10, 34) / 1000

/** p50 of 1.24 ms and p99 of 4 ms at 998 answers a second. */
export function summarised(): Reading {
  const reading = exampleReading('not decoded', 30)
  const response = {
    count: 29940,
    mean: 0.0015,
    min: 0.001,
    max: 0.01,
    p50: 0.00124,
    p90: 0.002,
    p99: 0.004,
    p999: 0.008,
  }
  return { ...reading, requests: 29940, latency: { ...reading.latency, summary: { service: response, response } } }
}

/** The events of a whole run: each visit a step, a warm-up of 1 s, a window of 30 s; the second trial fails. */
export function eventsOf(plan: Plan): Event[] {
  const run = exampleRun(plan)
  const events: Event[] = [{ at: AT, type: 'run', plan, trials: trialsOf(plan).length, finished: 0 }]
  let at = AT
  for (const cohort of plan.cohorts) {
    events.push({ at, type: 'cohort', cohort })
    for (const { block, visits } of cohort.blocks) {
      for (const visit of visits) {
        events.push({ at, type: 'visit', visit, cohort: cohort.cohort, block })
        events.push({ at, type: 'step', title: 'starting proxies', arm: visit.arm })
        for (const trial of visit.trials) {
          events.push({ at: at + 5, type: 'phase', trial, phase: 'warm-up', seconds: 1 })
          events.push({ at: at + 6, type: 'phase', trial, phase: 'measure', seconds: 30 })
          events.push({ at: at + 36, type: 'phase', trial, phase: 'collect', seconds: 0 })
          const failure = { code: 'proxy-died', message: 'the proxy client-envoy died' }
          const outcome =
            trial.order === 2
              ? ({ status: 'failed', failure } as const)
              : ({ status: 'measured', reading: summarised() } as const)
          events.push({ at: at + 37, type: 'result', result: exampleResult(run, trial, outcome), raw: [] })
          at += 37
        }
        events.push({ at, type: 'lowered', arm: visit.arm })
      }
    }
  }
  return [...events, { at, type: 'done', measured: trialsOf(plan).length - 1, failed: 1 }]
}

const about = (center: number): Estimate => ({ center, lo: center * 0.95, hi: center * 1.05, n: 8 })

function cell(arm: string, metric: string, center: number, standing: Standing, ratio?: number): Cell {
  const notes = standing === 'undecided' ? ['The interval is too wide to decide.'] : []
  return {
    arm,
    load: 'http-1k',
    metric,
    values: [],
    estimate: about(center),
    standing,
    notes,
    ...(ratio && { ratio: about(ratio) }),
    ...(standing !== 'baseline' && { difference: about(center) }),
  }
}

/** Two arms, with a ratio of each standing. */
export function exampleAnalysis(): Analysis {
  const run = exampleRun(examplePlan(8))
  const [first, second] = trialsOf(run.plan)
  if (!first || !second) throw new Error('the example has trials')
  const failure = { code: 'proxy-died', message: 'the proxy client-envoy died' }
  const problem = { effect: 'It does not count.', remedy: 'Look at it.' }
  return {
    schema: 1,
    record: {
      run: { ...run, provenance: { ...run.provenance, caveat: 'Architectures on one proxy, not Istio or Linkerd.' } },
      results: [],
      unreadable: [],
      details: detailsOf([]),
    },
    metrics: metrics.map(({ info }) => info),
    effects: () => undefined,
    trials: [
      {
        result: exampleResult(run, first, { status: 'measured', reading: summarised() }),
        status: 'valid',
        problems: [
          {
            rule: 'stall-seen',
            message: 'Seconds with a stall',
            severity: 'warning',
            cause: 'It stalled once',
            ...problem,
          },
        ],
      },
      {
        result: exampleResult(run, second, { status: 'failed', failure }),
        status: 'failed',
        problems: [
          {
            rule: 'trial-failed',
            message: 'The trial failed',
            severity: 'invalid',
            cause: failure.message,
            ...problem,
          },
        ],
      },
    ],
    missing: [],
    validTrials: 1,
    plannedTrials: 2,
    cells: [
      cell('none', 'p50', 0.000412, 'baseline'),
      cell('none', 'p99', 0.00124, 'baseline'),
      cell('none', 'throughput', 998.25, 'baseline'),
      cell('none', 'mesh-cpu', 0, 'baseline'),
      cell('none', 'mesh-memory', 0, 'baseline'),
      cell('envoy-sidecar', 'p50', 0.000892, 'higher', 2.165),
      cell('envoy-sidecar', 'p99', 0.00252, 'undecided', 1.21),
      cell('envoy-sidecar', 'throughput', 998.2, 'no-difference', 1),
      cell('envoy-sidecar', 'mesh-cpu', 480, 'undecided'),
      cell('envoy-sidecar', 'mesh-memory', 58 * 2 ** 20, 'higher'),
    ],
    noise: [],
    distributions: [],
    spectra: [],
    latencies: () => ({ distributions: [], spectra: [] }),
    rankings: [],
    sweeps: [],
    capacities: [],
    components: [],
    costs: [],
    problems: [
      {
        rule: 'one-cohort',
        message: 'One provisioning only',
        severity: 'warning',
        cause: 'All blocks were measured on one provisioning.',
        effect: 'The difference may be that of two provisionings.',
        remedy: 'Set cohorts to 2 or more.',
      },
    ],
  }
}
