import { sampleStandardDeviation } from 'simple-statistics'
import { describe, expect, it } from 'vitest'
import { costsOf } from '../../src/plan/costs.ts'
import { describePlan } from '../../src/plan/describe-plan.ts'
import { blocksToFind, detectable, smallestEffect } from '../../src/plan/detectable.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { planLines } from '../../src/plan/plan-lines.ts'
import { scenario } from './scenario.ts'

describe('smallestEffect', () => {
  it('is 3.38 % for the worked example of eight pairs', () => {
    const base = [4.1, 4.32, 3.98, 4.51, 4.2, 4.05, 4.44, 4.27]
    const mesh = [5.02, 5.41, 4.77, 5.6, 5.19, 4.88, 5.63, 5.2]
    const deviation = sampleStandardDeviation(base.map((value, block) => Math.log((mesh[block] ?? 0) / value)))
    expect(smallestEffect(deviation, 8, { alpha: 0.01, beta: 0.05 })).toBeCloseTo(0.0338, 4)
  })

  it('shrinks with every block', () => {
    const effects = Array.from({ length: 60 }, (_, index) => smallestEffect(0.05, index + 2))
    expect(effects).toEqual(effects.toSorted((a, b) => b - a))
  })
})

describe('blocksToFind', () => {
  // By the noncentral t, power 0.95, one-sided; the formula here replaces that distribution by a shifted t.
  it.each([
    [0.01, 0.1, [4, 5, 8, 14, 21, 42]],
    [0.01, 0.05, [6, 9, 20, 46, 69, 152]],
    [0.01 / 36, 0.1, [7, 8, 13, 25, 35, 71]],
  ])('agrees with the exact power at alpha %f for an effect of %f within two blocks', (alpha, effect, expected) => {
    const found = [0.02, 0.03, 0.05, 0.08, 0.1, 0.15].map((deviation) =>
      blocksToFind(effect, deviation, { alpha, beta: 0.05 }),
    )
    const off = found.map((blocks, index) => Math.abs(blocks - (expected[index] ?? 0)))
    expect(Math.max(...off), `${found}`).toBeLessThanOrEqual(2)
  })

  it('is the fewest that suffice', () => {
    for (const deviation of [0.01, 0.05, 0.2, 0.46]) {
      const blocks = blocksToFind(0.1, deviation)
      expect(smallestEffect(deviation, blocks)).toBeLessThanOrEqual(0.1)
      if (blocks > 2) expect(smallestEffect(deviation, blocks - 1)).toBeGreaterThan(0.1)
    }
  })
})

describe('detectable', () => {
  const plan = makePlan(scenario(['none', 'mesh'], ['one', 'two'], { cohorts: 2, blocks: 4 }))

  it('counts the blocks of all cohorts, and says where the scatter comes from', () => {
    const [p50] = detectable(plan)
    expect(p50).toMatchObject({ load: 'one', metric: 'p50', deviation: 0.09, blocks: 8, alpha: 0.025, beta: 0.05 })
    expect(p50?.ratio).toBeCloseTo(1 + smallestEffect(0.09, 8), 12)
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
    expect(found.find(({ metric }) => metric === 'p99')?.deviation).toBe(0.46)
  })

  it('does not believe a history that has no scatter to tell', () => {
    const found = detectable(plan, [{ metric: 'p50', deviation: Number.NaN, source: 'a single block' }])
    expect(found.find(({ metric }) => metric === 'p50')?.deviation).toBe(0.09)
  })

  it('finds nothing with a single block', () => {
    const [p50] = detectable(makePlan(scenario(['none', 'mesh'], ['one'], { blocks: 1 })))
    expect(p50).not.toHaveProperty('ratio')
    expect(p50?.blocksFor.tenPercent).toBeGreaterThan(1)
  })
})

describe('planLines', () => {
  it('shows order, time and what can be found', () => {
    const given = scenario(['none', 'mesh', 'none-again'], ['one'], { blocks: 3 })
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
        "  cohort 1  block 2  none-again → none → mesh",
        "  cohort 1  block 3  none → mesh → none-again",
        "",
        "smallest difference to the baseline that 3 blocks can tell from nothing (found 95 % of the time at a two-sided 5 %)",
        "  one  p50  +46 %   +5 % takes 47 blocks, +10 % 14      scatter between blocks 9 % (assumed: as seen on two shared cores)",
        "  one  p99  +581 %  +5 % takes 1,158 blocks, +10 % 305  scatter between blocks 46 % (assumed: as seen on two shared cores)",
        "  one  cpu  +23 %   +5 % takes 16 blocks, +10 % 6       scatter between blocks 5 % (assumed: as seen on two shared cores)",
        "  one cohort: what is found holds for this provisioning only",
      ]
    `)
  })

  it('does not speak of differences where there is nothing to compare', () => {
    const given = scenario(['none'], ['one'])
    expect(describePlan(makePlan(given), costsOf('local', given)).detectable).toEqual([])
  })
})
