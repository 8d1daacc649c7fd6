import { describe, expect, it } from 'vitest'
import { judgeClaims } from '../../src/claims/judge-claims.ts'
import { measureClaim } from '../../src/claims/measure-claim.ts'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import type { Claim, MeasuredTest } from '../../src/model/claim.ts'
import { trialsOf } from '../../src/model/plan.ts'
import type { Scenario } from '../../src/model/scenario.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { parseScenario } from '../../src/scenario/parse.ts'

interface Written {
  readonly arms?: string
  readonly load?: string
  readonly top?: string
}

function scenarioOf({
  arms = '[{ name: base, mesh: none }, { name: arm, mesh: istio-sidecar }]',
  load = 'rate: 100/s',
  top = '',
}: Written = {}): Scenario {
  const text = `name: made\nplatform: simulated\nblocks: 4\n${top}\narms: ${arms}\nloads: [{ name: load, ${load} }]\n`
  const { scenario, problems } = parseScenario(text, 'made.yaml')
  if (!scenario) throw new Error(JSON.stringify(problems))
  return scenario
}

const provenance = {
  platform: 'simulated',
  machine: { cpu: 'none', cores: 1, memoryBytes: 1 },
  commandLine: ['meshbench', 'run'],
  tools: [],
}

interface Made {
  readonly scenario?: Scenario
  readonly metric?: string
  /** Values by arm, one a block. */
  readonly values?: Readonly<Record<string, readonly number[]>>
  readonly error?: number
  readonly more?: object
}

/** A run of four blocks, with these values. */
function runOf({ scenario = scenarioOf(), metric = 'p50', values = VALUES, error, more }: Made = {}): Analysis {
  const cells = Object.entries(values).map(
    ([arm, all]): Cell => ({
      arm,
      load: 'load',
      metric,
      values: all.map((value, index) => ({
        cohort: 1,
        block: index + 1,
        value,
        ...(error !== undefined && { error }),
      })),
      standing: 'undecided',
      notes: [],
    }),
  )
  const run = { id: 'made', startedAt: '2026-01-01', plan: makePlan(scenario), provenance }
  const counts = { validTrials: 0, plannedTrials: 0 }
  return { record: { run }, cells, trials: [], missing: [], problems: [], ...counts, ...more } as never
}

/** Twice the base, with some scatter. */
const VALUES = { base: [0.001, 0.0011, 0.0012, 0.0013], arm: [0.002, 0.00221, 0.0024, 0.00259] }

const RATIO: MeasuredTest = {
  kind: 'measured',
  of: 'arm',
  over: 'base',
  load: 'load',
  metric: 'p50',
  quantity: 'ratio',
  bound: { atLeast: 1.5 },
}

function claimOf(test: Claim['test']): Claim {
  return { id: 'one', claim: 'one', source: 'https://example.com/', date: '2026', test }
}

const commands = { run: 'meshbench run', features: 'meshbench features' }

function judged(test: Claim['test'], runs: readonly Analysis[], scenario = scenarioOf()) {
  const { claims } = judgeClaims([claimOf(test)], { scenario, runs, features: [], commands })
  const [one] = claims
  if (!one) throw new Error('one claim was judged')
  return one
}

describe('a run of other loads or arms', () => {
  it('is taken where it is what is meant', () => {
    expect(judged(RATIO, [runOf()]).verdict).toBe('holds')
  })

  it.each([
    [
      'had operations',
      { load: 'rate: 100/s, operation: server-rollout, duration: 40s' },
      'run made has operations, of which no steady latencies are told',
    ],
    [
      'searched capacities',
      { load: 'capacity: { p99: 10ms, min: 100/s, max: 1k/s }' },
      'run made searches capacities, at rates of its own',
    ],
    [
      'had another version of the mesh',
      { arms: '[{ name: base, mesh: none }, { name: arm, mesh: istio-sidecar, version: 1.28.0 }]' },
      'in run made the arm arm has other settings',
    ],
    [
      'had another mesh of that name',
      { arms: '[{ name: base, mesh: none }, { name: arm, mesh: linkerd }]' },
      'in run made the arm arm is another mesh',
    ],
    ['had another profile', { top: 'profile: defaults' }, 'run made has the profile defaults, not equalised'],
  ])('is not taken where it %s', (_, written, reason) => {
    const one = judged(RATIO, [runOf({ scenario: scenarioOf(written) })])
    expect(one.verdict).toBe('cannot-tell')
    expect(one.reason).toContain(`Not measured: ${reason}`)
  })

  it('is not taken where it had the operations that are meant, of which only survivors have a value', () => {
    const scenario = scenarioOf({ load: 'rate: 100/s, operation: server-rollout, duration: 40s' })
    const values = { base: [0, 0, 0, 0], arm: [2, 3, 2] }
    const { over: _, ...rest } = RATIO
    const test: MeasuredTest = { ...rest, metric: 'operation-recovery', quantity: 'value', bound: { atMost: 10 } }
    const one = judged(test, [runOf({ scenario, metric: 'operation-recovery', values })], scenario)
    expect(one.verdict).toBe('cannot-tell')
    expect(one.reason).toContain('has operations')
    expect(one.figures).toBeUndefined()
  })

  it('leaves the judgement to the next one', () => {
    const operated = runOf({
      scenario: scenarioOf({ load: 'rate: 100/s, operation: server-rollout, duration: 40s' }),
    })
    expect(judged(RATIO, [operated, runOf()]).verdict).toBe('holds')
  })

  it('has no use of components under a load with an operation', () => {
    const scenario = scenarioOf({ load: 'rate: 100/s, operation: server-rollout, duration: 40s' })
    const usage = [{ component: 'proxy', role: 'server-proxy', cpuSeconds: 1, memoryBytes: 1e6 }]
    const reading = { observation: { seconds: 40, usage, evidence: [] }, requests: 1000 }
    const trials = trialsOf(makePlan(scenario)).map((trial) => ({
      status: 'valid',
      problems: [],
      result: { trial, outcome: { status: 'measured', reading } },
    }))
    const { over: _, ...value } = RATIO
    const test: MeasuredTest = { ...value, metric: 'mesh-memory', roles: ['server-proxy'], quantity: 'value' }
    const steady = runOf({ more: { trials } })
    expect(measureClaim(steady, test)?.estimate.center).toBeCloseTo(1e6)
    expect(measureClaim(runOf({ scenario, more: { trials } }), test)).toBeUndefined()
  })
})

describe('blocks that all have the same value', () => {
  const same = { base: [0.1, 0.1, 0.1, 0.1], arm: [0.3, 0.3, 0.3, 0.3] }

  it.each([
    ['ratio', { atLeast: 1.5 }, same],
    ['ratio', { atLeast: 3 }, same],
    ['ratio', { atLeast: 1 }, { base: [1, 2, 3, 4], arm: [1, 2, 3, 4] }],
    // The logarithms of these ratios are rounded to different numbers.
    ['ratio', { atLeast: 1 }, { base: [0.1, 0.7, 1.3, 1.9], arm: [0.3, 2.1, 3.9, 5.7] }],
    ['difference', { atMost: 0.1 }, same],
    ['difference', { atMost: 0.1 }, { base: [0.1, 0.1, 0.1, 0.1], arm: [0.1, 0.1, 0.1, 0.1] }],
    ['value', { atMost: 1 }, same],
    ['value', { atMost: 1 }, { base: [0, 0, 0, 0], arm: [0, 0, 0, 0] }],
  ] as const)('decide nothing: %s, %o of %o', (quantity, bound, values) => {
    const { over, ...rest } = RATIO
    const test: MeasuredTest = { ...rest, ...(quantity !== 'value' && over !== undefined && { over }), quantity, bound }
    const { verdict, reason, figures } = judged(test, [runOf({ values })])
    expect(verdict).toBe('cannot-tell')
    expect(reason).toContain('All blocks have the same value, so there is no interval.')
    expect(reason).not.toMatch(/interval of|equal arms|least 3|\d interval/)
    expect(figures?.p).toBeUndefined()
    expect(figures?.estimate.lo).toBeUndefined()
  })

  it('are told from cohorts that have the same mean', () => {
    const { over: _, ...rest } = RATIO
    const run = runOf({ values: { arm: [1, 2, 1, 2] } })
    const cells = run.cells.map((cell) => ({
      ...cell,
      values: cell.values.map((one) => ({ ...one, cohort: Math.ceil(one.block / 2) })),
    }))
    const test: MeasuredTest = { ...rest, quantity: 'value', bound: { atMost: 10 } }
    const { verdict, reason } = judged(test, [{ ...run, cells }])
    expect(verdict).toBe('cannot-tell')
    expect(reason).toContain('All cohorts have the same mean, so there is no interval.')
  })

  it('are no reason to blame equal arms for an estimate on its bound', () => {
    // One and a half on average, and exactly so: nothing was widened.
    const values = { base: [1, 1, 1, 1], arm: [1, 2, 1, 2] }
    const test: MeasuredTest = { ...RATIO, quantity: 'difference', bound: { atLeast: 0.5 } }
    const { reason } = judged(test, [runOf({ values })])
    expect(reason).toContain('the value is too near the bound')
    expect(reason).not.toContain('equal arms')
  })

  it('are not the reason where counters may be wrong by all of a value', () => {
    const { over: _, ...rest } = RATIO
    const test: MeasuredTest = { ...rest, quantity: 'value', bound: { atMost: 1 } }
    const { verdict, reason } = judged(test, [runOf({ error: 1 })])
    expect(verdict).toBe('cannot-tell')
    expect(reason).toContain('The errors of its counters are as large as the values')
    expect(reason).not.toContain('at least 3 are needed')
  })
})

describe('the trials of a claim', () => {
  it('are counted by their arm, not by how the id of a trial ends', () => {
    const scenario = scenarioOf({
      arms: '[{ name: ambient, mesh: istio-ambient }, { name: istio-ambient, mesh: istio-ambient }]',
    })
    const missing = trialsOf(makePlan(scenario)).flatMap(({ id, block }) => (block === 4 ? [id] : []))
    expect(missing).toHaveLength(2)
    const { over: _, ...rest } = RATIO
    const test: MeasuredTest = { ...rest, of: 'ambient', quantity: 'value', bound: { atMost: 1 } }
    const values = { ambient: [0.001, 0.0011, 0.0012] }
    expect(judged(test, [runOf({ scenario, values, more: { missing } })], scenario).figures?.planned).toBe(1)
  })

  it.each([
    ['p99', 'a quantile that is withheld, or too few answers'],
    ['mesh-memory', 'nothing of it was observed'],
    ['mesh-cpu', 'nothing of it was observed, or nothing without load'],
  ])('have no value of %s for its own reasons', (metric, why) => {
    const scenario = scenarioOf()
    const trials = trialsOf(makePlan(scenario)).map((trial) => ({
      status: 'valid',
      problems: [],
      result: { trial, outcome: { status: 'failed' } },
    }))
    const run = runOf({ values: {}, more: { trials } })
    expect(judged({ ...RATIO, metric }, [run]).reason).toContain(`Valid without a value: 8 trials (${why}).`)
  })
})
