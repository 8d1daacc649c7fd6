import { describe, expect, it } from 'vitest'
import { type Counted, countSearch } from '../../bench/capacity/count.ts'
import { FULL, GRID, truths } from '../../bench/capacity/setting.ts'
import type { Estimate } from '../../src/model/analysis.ts'

/** `npm run capacity` counts a thousand; these are its first seeds. */
const RUNS = 24

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe('capacities of simulated runs', async () => {
  const truth = truths(200_000)
  const runs: Counted[] = []
  for (let seed = 1; seed <= RUNS; seed++) runs.push(await countSearch(seed))

  it.each([
    ['of the baseline', truth.none, ({ capacity }: Counted) => capacity.none],
    ['of the other arm', truth.mesh, ({ capacity }: Counted) => capacity.mesh],
    ['of their ratio', truth.mesh / truth.none, ({ ratio }: Counted) => ratio as Estimate],
  ])('have the true one in their interval, %s', (_, true_, of) => {
    const intervals = runs.map(of) as Required<Estimate>[]
    const hits = intervals.filter(({ lo, hi }) => lo <= true_ && true_ <= hi).length
    // At 95 % fewer than 19 of 24 happen in one of 2,000 series.
    expect(hits).toBeGreaterThanOrEqual(19)
    // The means of so many runs scatter by less than 1 %.
    expect(Math.abs(sum(intervals.map(({ center }) => Math.log(center / true_))) / RUNS)).toBeLessThan(0.03)
    // An interval that has everything in it would have the truth in it.
    expect(sum(intervals.map(({ lo, hi }) => Math.log(hi / lo) / 2)) / RUNS).toBeLessThan(0.12)
  })

  it('take less than a third of what a grid of the same width takes, even if it stops where the arm breaks', () => {
    const each = sum(runs.map(({ seconds }) => seconds)) / sum(runs.map(({ searches }) => searches))
    const upward = (GRID.filter(({ rate }) => rate < truth.none).length + 1) * FULL
    expect(each).toBeLessThan(upward / 3)
    expect(each).toBeLessThan((GRID.length * FULL) / 3)
  })
})
