import { describe, expect, it, test } from 'vitest'
import { estimateOf, type Known, pooledVarianceFor } from '../../src/compare/estimate.ts'
import { byBlock, pairUp } from '../../src/compare/pairs.ts'
import type { Arm } from '../../src/model/scenario.ts'
import { random } from '../../src/stats/random.ts'

const none: Arm = { name: 'none', mesh: 'none' }
const noneAgain: Arm = { name: 'none-again', mesh: 'none' }
const mesh: Arm = { name: 'mesh', mesh: 'linkerd' }
const older: Arm = { name: 'mesh-ref', mesh: 'linkerd', version: '1' }
const olderAgain: Arm = { name: 'mesh-ref-again', mesh: 'linkerd', version: '1' }

/** Two cohorts of two blocks. */
const known = (arm: Arm, ...levels: readonly number[]): Known => ({
  arm,
  values: levels.map((value, index) => ({ cohort: 1 + Math.floor(index / 2), block: index + 1, value })),
})

describe('the pooled variance of a comparison', () => {
  const arms = [known(none, 1, 1, 1, 1), known(noneAgain, 2, 2, 4, 4), known(mesh, 5, 5, 5, 5)]
  const log = Math.log

  it('between two meshes is nothing, whatever A/A arms there are', () => {
    expect(pooledVarianceFor(none, mesh, [...arms, known({ ...mesh, name: 'mesh-again' }, 1, 2, 3, 4)])).toEqual({})
  })

  it('between two versions of a mesh comes from what is equal to either', () => {
    const pooled = pooledVarianceFor(mesh, older, [...arms, known(older, 1, 1, 1, 1), known(olderAgain, 2, 2, 4, 4)])
    expect(pooled.onLogs).toEqual({
      deviation: expect.closeTo(Math.sqrt((log(2) ** 2 + log(4) ** 2) / 2), 12),
      freedom: 2,
      blocks: 2,
    })
    expect(pooled.onValues?.deviation).toBeCloseTo(Math.sqrt((1 + 9) / 2), 12)
  })

  it('between equal arms comes from a third, without the comparison itself', () => {
    expect(pooledVarianceFor(none, noneAgain, arms)).toEqual({})
    const third = known({ ...none, name: 'none-third' }, 1.5, 1.5, 2.5, 2.5)
    // It lies in the middle of the two in either cohort.
    expect(pooledVarianceFor(none, noneAgain, [...arms, third]).onValues).toBeUndefined()
    const off = known({ ...none, name: 'none-third' }, 2.5, 2.5, 2.5, 2.5)
    expect(pooledVarianceFor(none, noneAgain, [off, ...arms]).onValues?.deviation).toBeCloseTo(Math.sqrt(4 / 3 / 2), 12)
  })

  it('is of the blocks that equal arms share, and of ratios only where there are any', () => {
    const few = [known(mesh, 1, 1), known(older, 1, 0, 1, 1), known(olderAgain, 3, 3)]
    expect(pooledVarianceFor(mesh, older, few)).toEqual({ onValues: { deviation: 2.5, freedom: 1, blocks: 2 } })
  })
})

/** Share of 95 % intervals that hold the truth: `restless` is by how much more one arm varies between clusters. */
function coverage(restless: number, pairOf: 'baseline' | 'none', [cohorts, blocks]: readonly [number, number]): number {
  const draw = random(11, 'lending', restless, pairOf, cohorts, blocks)
  const values = (times: number) =>
    Array.from({ length: cohorts * blocks }, (_, index) => ({
      cohort: 1 + Math.floor(index / blocks),
      block: index,
    })).map(
      (
        (level: Map<number, number>) =>
        ({ cohort, block }: { cohort: number; block: number }) => {
          level.set(cohort, level.get(cohort) ?? times * draw.normal())
          return { cohort, block, value: Math.exp(0.01 * ((level.get(cohort) ?? 0) + draw.normal())) }
        }
      )(new Map()),
    )
  let covered = 0
  const runs = 3000
  for (let run = 0; run < runs; run++) {
    const base = { arm: none, values: values(1) }
    const own = { arm: mesh, values: values(restless) }
    const pair = pairOf === 'baseline' ? [{ arm: noneAgain, values: values(1) }] : []
    const spread = pooledVarianceFor(none, mesh, [base, ...pair, own]).onLogs
    const { logs = [] } = pairUp(byBlock(base.values), own.values) ?? {}
    const { lo = 1, hi = 0 } =
      estimateOf(logs, { pairs: [], provisioned: true, ...(spread && { spread }) })?.estimate ?? {}
    if (lo <= 0 && hi >= 0) covered++
  }
  return covered / runs
}

test.each([
  [1, [2, 5]],
  [2, [2, 5]],
  [3, [2, 5]],
  [3, [4, 5]],
] as const)(
  'the interval of an arm %i times as restless between clusters holds the truth in 95 %% of runs, cohorts and blocks %j',
  (restless, size) => {
    const share = coverage(restless, 'baseline', size)
    expect(share).toBeGreaterThan(0.93)
    expect(share).toBeLessThan(0.97)
  },
)
