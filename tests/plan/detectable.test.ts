import { describe, expect, it } from 'vitest'
import type { Limits } from '../../src/model/limits.ts'
import type { Arm } from '../../src/model/scenario.ts'
import { describePlan, planLines } from '../../src/plan/describe-plan.ts'
import { detectable, errorRates } from '../../src/plan/detectable.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { costsOf } from '../../src/plan/time.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { smallestEffect } from '../../src/stats/power.ts'
import { named } from '../build/scenario.ts'

describe('detectable', () => {
  const plan = makePlan(named(['none', 'mesh'], ['one', 'two'], { cohorts: 2, blocks: 4 }))

  it('counts the blocks of all cohorts, and says where the scatter comes from', () => {
    const [p50] = detectable(plan)
    expect(p50).toMatchObject({ load: 'one', metric: 'p50', deviation: 0.08, blocks: 8, alpha: 0.025, beta: 0.05 })
    const single = detectable(makePlan(named(['none', 'mesh'], ['one'], { cohorts: 1, blocks: 8 })))
    expect(single[0]?.ratio).toBeCloseTo(1 + smallestEffect(0.08, 8, errorRates), 12)
    expect(p50?.source).toContain('assumed')
    expect(detectable(plan).map(({ load, metric }) => `${load} ${metric}`)).toHaveLength(6)
  })

  it('takes history before assumptions, and the load’s own before that of all loads', () => {
    const found = detectable(plan, [
      { metric: 'p50', deviation: 0.03, source: 'history' },
      { metric: 'p50', load: 'two', deviation: 0.02, source: 'history of two' },
    ])
    const p50 = found.filter(({ metric }) => metric === 'p50').map(({ deviation, source }) => [deviation, source])
    expect(p50).toEqual([
      [0.03, 'history'],
      [0.02, 'history of two'],
    ])
    expect(found.find(({ metric }) => metric === 'p99')?.deviation).toBe(0.41)
  })

  it('does not believe a history that has no scatter to tell', () => {
    const found = detectable(plan, [{ metric: 'p50', deviation: Number.NaN, source: 'a single block' }])
    expect(found.find(({ metric }) => metric === 'p50')?.deviation).toBe(0.08)
  })

  it('finds nothing with a single block', () => {
    const [p50] = detectable(makePlan(named(['none', 'mesh'], ['one'], { blocks: 1 })))
    expect(p50).not.toHaveProperty('ratio')
    expect(p50?.blocksFor.tenPercent).toBeGreaterThan(1)
  })
})

describe('cohorts', () => {
  const of = (names: readonly string[], change: Parameters<typeof named>[2]) => {
    const given = named(names, ['one'], { platform: 'kind', ...change })
    const arms = given.arms.map(({ name }): Arm => {
      if (name === 'mesh') return { name, mesh: 'linkerd' }
      return name === 'next' ? { name, mesh: 'none', version: '2' } : { name, mesh: 'none' }
    })
    return describePlan(makePlan({ ...given, arms }), costsOf('kind', given))
  }
  const ratio = ({ detectable }: ReturnType<typeof of>) => detectable.find(({ metric }) => metric === 'p50')?.ratio ?? 0

  it('are the replicates: two tell little without an A/A pair, and more blocks of each do not help for ever', () => {
    const pair = ['none', 'next', 'none-again']
    expect(ratio(of(['none', 'next'], { cohorts: 2, blocks: 8 }))).toBeGreaterThan(
      ratio(of(pair, { cohorts: 2, blocks: 8 })),
    )
    const [few, more, many] = [8, 80, 800].map((blocks) => ratio(of(pair, { cohorts: 2, blocks })))
    expect(more).toBeLessThan(few ?? 0)
    expect((more ?? 0) - (many ?? 0)).toBeLessThan(0.02)
    expect(ratio(of(pair, { cohorts: 6, blocks: 8 }))).toBeLessThan(many ?? 0)
  })

  it('lend nothing to an arm of another mesh, as the analysis has it', () => {
    const design = { cohorts: 3, blocks: 4 }
    expect(ratio(of(['none', 'mesh', 'none-again'], design))).toBe(ratio(of(['none', 'mesh'], design)))
    expect(ratio(of(['none', 'next', 'mesh', 'none-again'], design))).toBe(ratio(of(['none', 'mesh'], design)))
    expect(ratio(of(['none', 'none-again', 'none-third'], design))).toBeLessThan(
      ratio(of(['none', 'none-again'], design)),
    )
  })

  it('are advised where they narrow the interval in the same time, and never widen it', () => {
    const plan = of(['none', 'mesh', 'none-again'], { cohorts: 2, blocks: 20 })
    expect(plan.designs.map(({ metric }) => metric)).toEqual(['p50', 'typical-p99', 'p99'])
    for (const { cohorts, half, planned, window, seconds } of plan.designs) {
      expect(cohorts).toBeGreaterThan(2)
      expect(half).toBeLessThan(planned)
      expect(window).toBeGreaterThanOrEqual(10)
      expect(seconds).toBe(plan.time.seconds)
    }
    expect(planLines(plan).join('\n')).toMatch(
      /the same .* give narrower 95 % intervals .*\n {2}one {2}p50 +\d+ cohorts of/,
    )
  })

  it('are not advised where arms are processes', () => {
    expect(of(['none', 'mesh'], { platform: 'local', cohorts: 2 }).designs).toEqual([])
  })
})

describe('a scenario whose gate names candidate and reference', () => {
  const arms: Arm[] = [
    { name: 'none', mesh: 'none' },
    { name: 'next', mesh: 'linkerd', version: '2' },
    { name: 'next-ref', mesh: 'linkerd' },
    { name: 'next-ref-again', mesh: 'linkerd' },
  ]
  const given = { ...named(['none'], ['one'], { platform: 'kind' as const, cohorts: 2, blocks: 8 }), arms }
  const of = (gate?: Limits) => describePlan(makePlan({ ...given, ...(gate && { gate }) }), costsOf('kind', given))
  const lines = (gate?: Limits) => planLines(of(gate)).join('\n')
  const limits = (reference: Limits['reference']) => ({ ...defaultLimits(), reference })
  const of50 = ({ detectable }: ReturnType<typeof of>) => detectable.find(({ metric }) => metric === 'p50')?.ratio ?? 0

  it.each([[{ next: 'next-ref' }], ['*-ref']])('is told what can be found between the two (%j)', (reference) => {
    expect(lines(limits(reference))).toContain('a difference of next from its reference next-ref that is found')
    expect(lines()).toContain('a difference from the baseline that is found')
    const [between, fromBaseline] = [of(limits(reference)), of()]
    // The A/A pair of the reference counts between the two, and not for the baseline, which is another mesh.
    expect(of50(between)).toBeLessThan(of50(fromBaseline))
    expect(between.detectable.map(({ metric }) => metric)).toContain('mesh-cpu')
    expect(fromBaseline.detectable.map(({ metric }) => metric)).not.toContain('mesh-cpu')
  })

  it('is told of all pairs, and of the baseline where there are none', () => {
    const two = limits({ next: 'next-ref', 'next-ref-again': 'next-ref' })
    expect(lines(two)).toContain(
      'a difference of a candidate from its reference (next from next-ref, next-ref-again from next-ref)',
    )
    expect(lines(limits({ gone: 'next-ref' }))).toContain('a difference from the baseline')
    expect(lines({ ...limits('*-ref'), pinned: 'reference.json' })).toContain('a difference from the baseline')
  })
})

describe('planLines', () => {
  it('shows order, time and what can be found', () => {
    const given = named(['none', 'mesh', 'none-again'], ['one'], { name: 'example', blocks: 3 })
    const lines = planLines(describePlan(makePlan(given), costsOf('local', given)))
    expect(lines).toMatchInlineSnapshot(`
      [
        "example: 9 trials (3 arms, 1 load, 3 blocks, 1 cohort), seed 1",
        "takes about 2 min 53 s, 52 % of it measuring",
        "",
        "loads, shuffled within each visit",
        "  one  fortio http  1,000/s  8 connections  1 KiB  5 s warm-up  10 s window",
        "",
        "order of the arms",
        "  cohort 1  block 1  mesh → none-again → none",
        "  cohort 1  block 2  none → mesh → none-again",
        "  cohort 1  block 3  none-again → none → mesh",
        "",
        "what 3 blocks can show: a difference from the baseline that is found in 95 % of runs, at 5 % of false findings",
        "  one  p50          +43 % or more would be found  +10 % needs 12 blocks, +5 % needs 37 blocks  (assumed)",
        "  one  typical-p99  only from ×12                 +10 % needs more than 200                    (assumed)",
        "  one  p99          only from ×6.3                +10 % needs more than 200                    (assumed)",
      ]
    `)
  })

  it('does not speak of differences where there is nothing to compare', () => {
    const given = named(['none'], ['one'])
    expect(describePlan(makePlan(given), costsOf('local', given)).detectable).toEqual([])
  })
})
