import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { gate } from '../../src/gate/gate-run.ts'
import { accept } from '../../src/gate/reference.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { recordOf, unlike } from '../build/run.ts'
import { http, none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

/** One trial after the other, no two of them alike. */
function measured(...about: Parameters<typeof recordOf>): ReturnType<typeof recordOf> {
  const record = recordOf(...about)
  const results = record.results.map((result) => {
    const [from, to] = [0, 70].map((more) =>
      new Date((1_790_000_000 + 120 * result.trial.order + more) * 1000).toISOString(),
    )
    const times = { ...result, startedAt: from ?? '', endedAt: to ?? '' }
    if (result.outcome.status === 'failed') return times
    const reading = {
      ...unlike(result.outcome.reading, result.trial.order),
      startedAt: 1_790_000_000 + 120 * result.trial.order,
    }
    return { ...times, outcome: { ...result.outcome, reading } }
  })
  const { plan } = record.run
  const scenario = { ...plan.scenario, platform: 'simulated' as const }
  return { ...record, results, run: { ...record.run, plan: { ...plan, scenario } } }
}

const scatter = (block: number) => ({ latency: 1 + 0.01 * (block % 3) })
const about = { limits: defaultLimits(), today: '2026-12-01' }

describe('the CPU of the mesh, where the baseline has no mesh', () => {
  it('is not judged between two arms that have none of it', () => {
    const run = analyse(
      measured(scenarioOf({ cohorts: 1, blocks: 20, arms: [none, noneAgain] }), ({ block }) => scatter(block)),
    )
    const { cells, exit } = gate(run, {
      ...about,
      limits: { ...about.limits, reference: { [noneAgain.name]: none.name } },
    })
    expect(cells.map(({ metric }) => metric.name)).toEqual(['typical-p99', 'p50'])
    expect(exit).toBe(0)
  })

  it('is invalid, with the reason, where only one of the two has some', () => {
    const run = analyse(
      measured(scenarioOf({ cohorts: 1, blocks: 20, arms: [none, sidecar] }), ({ block }) => scatter(block)),
    )
    const { cells } = gate(run, { ...about, limits: { ...about.limits, reference: { [sidecar.name]: none.name } } })
    const cpu = cells.find(({ metric }) => metric.name === 'mesh-cpu')
    expect(cpu?.verdict).toBe('invalid')
    expect(cpu?.message).toContain('a value is 0 or below')
  })

  it('is held against a pinned reference by its level', () => {
    const reading = (more: number) => (trial: { arm: string; block: number }) => {
      const cpuSeconds = 100e-6 * more * (1 + 0.002 * (trial.block % 3)) * 120_000
      const proxy = { component: 'client-proxy', role: 'client-proxy' as const, cpuSeconds, memoryBytes: 6e7 }
      const observation = {
        usage: trial.arm === sidecar.name ? [proxy] : [{ ...proxy, component: 'server', role: 'application' as const }],
      }
      const idle = { seconds: 5, evidence: [], usage: observation.usage.map((one) => ({ ...one, cpuSeconds: 0 })) }
      return { ...scatter(trial.block), observation, reading: { idle } }
    }
    const scenario = scenarioOf({ cohorts: 1, blocks: 20, arms: [none, sidecar] })
    const run = (more: number, id: string) => {
      const record = measured(scenario, reading(more))
      return analyse({ ...record, run: { ...record.run, id } })
    }
    const pinned = accept([run(1, 'before')], { reason: 'the release', at: '2026-11-01' })
    const limits = { ...about.limits, defaults: { ...about.limits.defaults, night: { deviation: 0.01, runs: 20 } } }
    const verdict = (more: number) =>
      gate(run(more, 'tonight'), { ...about, limits, pinned }).cells.find(({ metric }) => metric.name === 'mesh-cpu')
    expect(verdict(1.01)?.verdict).toBe('pass')
    expect(verdict(1.3)).toMatchObject({ breach: true, ratio: { center: expect.closeTo(1.3, 2) } })
  })
})

it('limits that name metrics of before say what to write', () => {
  const run = analyse(
    measured(scenarioOf({ cohorts: 1, blocks: 20, arms: [none, sidecar] }), ({ block }) => scatter(block)),
  )
  const told = (metric: string) => {
    const limits = { ...about.limits, metrics: ['p50', metric], reference: { [sidecar.name]: none.name } }
    const found = gate(run, { ...about, limits }).findings.find(({ rule }) => rule === 'unknown-metric')
    return `${found?.message} ${found?.remedy}`
  }
  expect(told('cpu')).toMatch(/^gate\.metrics names cpu, which is not a metric\. Did you mean "mesh-cpu"\?/)
  expect(told('memory')).toContain('Did you mean "mesh-memory"?')
  expect(told('cost')).toMatch(/Use one of: .*mesh-cpu/)
})

describe('the tail of a load', () => {
  it('is the p99 where windows are too short for that of a typical second, by the plan', () => {
    const cellsOf = (load: Partial<typeof http>) => {
      const loads = [{ ...http, ...load }]
      const scenario = scenarioOf({ cohorts: 1, blocks: 20, arms: [none, noneAgain], loads })
      const limits = { ...about.limits, reference: { [noneAgain.name]: none.name } }
      return gate(analyse(measured(scenario, ({ block }) => scatter(block))), { ...about, limits }).cells
    }
    const metricsOf = (load: Partial<typeof http>) =>
      cellsOf(load).flatMap(({ metric }) => (metric.unit === 'seconds' ? [metric.name] : []))
    expect(metricsOf({ rate: 50, duration: 10 })).toEqual(['typical-p99', 'p50'])
    expect(metricsOf({ rate: 50, duration: 9.9 })).toEqual(['p50', 'p99'])
    expect(metricsOf({ rate: 250, duration: 4 })).toEqual(['p50', 'p99'])
  })
})
