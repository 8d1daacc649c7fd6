import { expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import type { Trial } from '../../src/model/plan.ts'
import { statements } from '../../src/ui/statements.ts'
import { recordOf } from '../build/run.ts'
import { http, scenarioOf, sidecar } from '../build/scenario.ts'

const of = ({ arm, block }: Trial) => ({ latency: (arm === sidecar.name ? 1.54 : 1) * (1 + 0.01 * (block % 3)) })
const analysis = analyse(recordOf(scenarioOf(), of))

test('what is higher is said with amount, ratio, interval and blocks', () => {
  const [baseline, again, mesh] = statements(analysis, 'p99')
  expect(baseline).toMatch(/^p99 of none is 2\.\d+ ms at 2,000\/s \(geometric mean, 8 trials\)\.$/)
  expect(again).toMatch(
    /^none-again shows no relevant difference from no mesh in p99 at 2,000\/s \(\+0\.0 %, 95 % interval .* 8 blocks\)\.$/,
  )
  expect(mesh).toMatch(
    /^envoy-sidecar adds 1\.\d+ ms to p99 at 2,000\/s \(\+54 %, 95 % interval \+5\d(\.\d)? % … \+5\d(\.\d)? %, 8 blocks, 2 cohorts\)\.$/,
  )
})

test('every kind of metric has its words', () => {
  expect(statements(analysis, 'mesh-cpu')[2]).toBe(
    'envoy-sidecar costs 100 CPU-seconds more per million requests at 2,000/s (8 blocks, 2 cohorts).',
  )
  expect(statements(analysis, 'mesh-memory')[2]).toBe(
    'envoy-sidecar takes 57.2 MiB more memory at 2,000/s (8 blocks, 2 cohorts).',
  )
  expect(statements(analysis, 'mesh-idle-cpu')[2]).toBe(
    'envoy-sidecar uses 10 mcores more without load at 2,000/s (8 blocks, 2 cohorts).',
  )
  expect(statements(analysis, 'service-p50')[2]).toMatch(/adds 5\d\d µs to p50 service time/)
  expect(statements(analysis, 'mean')[2]).toMatch(/to mean latency/)
})

test('what was not measured, or not often enough, is said', () => {
  const failed = analyse(recordOf(scenarioOf(), (trial) => (trial.arm === sidecar.name ? 'failed' : of(trial))))
  expect(statements(failed, 'p99')[2]).toBe('No valid trial of envoy-sidecar has a value for p99 at 2,000/s.')
  const short = analyse(recordOf(scenarioOf({ cohorts: 1, blocks: 1 }), of))
  expect(statements(short, 'p99')[2]).toBe(
    'Too few blocks to say whether envoy-sidecar differs from no mesh in p99 at 2,000/s (1 of at least 3).',
  )
})

test('a slower arm answers fewer, and loads of one rate go by their names', () => {
  const loads = [http, { ...http, name: 'http-2k-large' }]
  const slow = analyse(
    recordOf(scenarioOf({ loads, minEffect: 0.005 }), (trial) => {
      const seconds = (trial.arm === sidecar.name ? 60.5 : 60) + 0.001 * (trial.block % 2)
      return { ...of(trial), reading: { seconds } }
    }),
  )
  expect(statements(slow, 'throughput')).toContainEqual(
    expect.stringMatching(/^envoy-sidecar answers 16\.\d\/s fewer under http-2k-large \(−0\.8 %/),
  )
})
