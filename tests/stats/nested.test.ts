import { describe, expect, it } from 'vitest'
import { cohortSpread, components, halfWidth, meanInterval, nestedInterval } from '../../src/stats/intervals.ts'
import { random } from '../../src/stats/random.ts'
import { close } from './close.ts'

const draw = random(1, 'nested')
const cohortsOf = (sizes: readonly number[], between: number, within = 1) =>
  sizes.map((size) => {
    const luck = between * draw.normal()
    return Array.from({ length: size }, () => luck + within * draw.normal())
  })

/** statsmodels-free: sums of squares by hand for three cohorts of 2, 3 and 1. */
const uneven = [[1, 3], [4, 5, 9], [2]]

describe('components', () => {
  it('are those of the analysis of variance, also for cohorts of unequal size', () => {
    // Means 2, 6, 2; within: (2 + 14) / 3; between: (2·4 + 3·4 + 1·4) / 2 = 12 about the mean 4; n0 = (6 − 14/6) / 2.
    const found = components(uneven)
    close(found.within, Math.sqrt(16 / 3), 1e-14)
    close(found.between, Math.sqrt((12 - 16 / 3) / (11 / 6)), 1e-14)
  })

  it('know no negative variance, and no more than the data', () => {
    expect(
      components([
        [0, 2],
        [2, 0],
      ]),
    ).toEqual({ between: 0, within: Math.sqrt(2) })
    expect(components([[1, 3]])).toEqual({ within: Math.sqrt(2) })
    expect(components([[1], [3]])).toEqual({ between: Math.sqrt(2) })
    expect(components([[1]])).toEqual({})
    expect(components([])).toEqual({})
  })

  it('are right on average', () => {
    let [between, within] = [0, 0]
    for (let time = 0; time < 4000; time++) {
      const found = components(cohortsOf([3, 5, 8, 4], 1))
      between += (found.between ?? 0) ** 2 / 4000
      within += (found.within ?? 0) ** 2 / 4000
    }
    expect(within).toBeGreaterThan(0.97)
    expect(within).toBeLessThan(1.03)
    expect(between).toBeGreaterThan(0.94)
    expect(between).toBeLessThan(1.1)
  })
})

describe('nestedInterval', () => {
  it('is the t interval on the cohorts’ means where these scatter', () => {
    const found = nestedInterval(uneven)
    const byMeans = meanInterval([2, 17.999999999999996 / 3, 2])
    close(found?.byCohorts?.center, 10 / 3, 1e-14)
    close(found?.byCohorts?.lo, byMeans?.lo)
    close(found?.byCohorts?.hi, byMeans?.hi)
    expect(found?.byBlocks).toEqual(meanInterval(uneven.flat()))
    expect(found).toMatchObject({ basis: 'cohorts', cohorts: 3, byCohorts: { n: 3 }, estimate: { n: 6 } })
    close(found?.estimate.lo, byMeans?.lo)
    close(found?.estimate.hi, byMeans?.hi)
    close(found?.within, Math.sqrt(16 / 3))
  })

  it('is as wide as that of the blocks where cohorts lie together by luck', () => {
    const lucky = [
      [0, 2],
      [2.1, 0],
    ]
    const found = nestedInterval(lucky)
    const blocks = meanInterval(lucky.flat())
    expect(found?.basis).toBe('blocks')
    close(found?.estimate.center, 1.025, 1e-14)
    close((found?.estimate.hi ?? 0) - (found?.estimate.lo ?? 0), (blocks?.hi ?? 0) - (blocks?.lo ?? 0), 1e-13)
    expect((found?.byCohorts?.hi ?? 0) - (found?.byCohorts?.lo ?? 0)).toBeLessThan(1)
  })

  it('holds for one provisioning only where there is one, and no spread from elsewhere', () => {
    const found = nestedInterval([[1, 2, 4]])
    expect(found).toEqual({
      estimate: meanInterval([1, 2, 4]),
      basis: 'blocks',
      cohorts: 1,
      byBlocks: meanInterval([1, 2, 4]),
      within: expect.closeTo(Math.sqrt(7 / 3), 12),
    })
    expect(nestedInterval([[5]])?.estimate).toEqual({ center: 5, n: 1 })
    expect(nestedInterval([])).toBeUndefined()
    expect(nestedInterval([[], [5, 6], []])?.cohorts).toBe(1)
    expect(nestedInterval([[]])).toBeUndefined()
  })

  it('is widened by a spread from elsewhere: with one cohort that is all there is', () => {
    const found = nestedInterval([[1, 2, 4]], { deviation: 3, freedom: 2 })
    const half = halfWidth(2) * 3
    close(found?.byCohorts?.lo, 7 / 3 - half)
    close(found?.estimate.hi, 7 / 3 + half)
    expect(found).toMatchObject({ basis: 'cohorts', byCohorts: { n: 1 } })
    // One block of one cohort: no scatter of its own, and still an interval.
    close(nestedInterval([[5]], { deviation: 3, freedom: 2 })?.estimate.hi, 5 + half)
  })

  it('pools a spread with the scatter of its own cohorts, each by its degrees of freedom', () => {
    const cohorts = [
      [0, 0],
      [4, 4],
      [8, 8],
    ]
    const found = nestedInterval(cohorts, { deviation: 1, freedom: 4 })
    close(found?.byCohorts?.hi, 4 + halfWidth(6) * Math.sqrt((32 + 4) / 6 / 3))
    close(
      nestedInterval(cohorts, { deviation: 1, freedom: 4 }, 0.9)?.byCohorts?.hi,
      4 + halfWidth(6, 0.9) * Math.sqrt(2),
    )
    expect(nestedInterval(cohorts, { deviation: 1, freedom: 4 }, 0.9)?.byBlocks).toEqual(
      meanInterval(cohorts.flat(), 0.9),
    )
  })

  it('adds to a spread what fewer blocks per cohort scatter more', () => {
    const one = [[1, 3, 2, 6]]
    const variance = (blocks: number) => {
      const { lo = 0, hi = 0 } = nestedInterval(one, { deviation: 2, freedom: 3, blocks })?.byCohorts ?? {}
      return ((hi - lo) / 2 / halfWidth(3)) ** 2
    }
    close(variance(8), 4 + (14 / 3) * (1 / 4 - 1 / 8))
    close(variance(4), 4)
    close(variance(2), 4)
  })

  // Variance between cohorts, in units of that between blocks: 0 to 4. Four standard deviations about 95 %.
  it.each([
    [[3, 3], 0],
    [[3, 3], 1],
    [[5, 5], 4],
    [[3, 10], 0.5],
    [[4, 4, 4], 0.25],
    [[3, 5, 10], 1],
    [[3, 3, 4, 6], 2],
    [[10, 10, 10, 10, 10, 10], 0.25],
    [[3, 3, 4, 6, 8, 10], 4],
  ])('covers 95 %% for cohorts of %j blocks and a ratio of variances of %f', (sizes, ratio) => {
    const times = 2500
    let [byCohorts, taken] = [0, 0]
    for (let time = 0; time < times; time++) {
      const found = nestedInterval(cohortsOf(sizes, Math.sqrt(ratio)))
      if (Math.abs(found?.byCohorts?.center ?? 9) <= (found?.byCohorts?.hi ?? 0) - (found?.byCohorts?.center ?? 0))
        byCohorts++
      if ((found?.estimate.lo ?? 1) <= 0 && 0 <= (found?.estimate.hi ?? -1)) taken++
    }
    const give = 4 * Math.sqrt(0.95 * 0.05 * times)
    expect(Math.abs(byCohorts - 0.95 * times)).toBeLessThan(give + 0.01 * times)
    expect(taken).toBeGreaterThanOrEqual(byCohorts)
    expect(taken).toBeGreaterThan(0.95 * times - give)
  })

  it('covers 95 % with one cohort, widened by the A/A pair of the same run', () => {
    const times = 2500
    let covered = 0
    for (let time = 0; time < times; time++) {
      const spread = cohortSpread(cohortsOf([5], 1))
      const found = nestedInterval(cohortsOf([5], 1), spread)?.byCohorts
      if ((found?.lo ?? 1) <= 0 && 0 <= (found?.hi ?? -1)) covered++
    }
    expect(Math.abs(covered - 0.95 * times)).toBeLessThan(4 * Math.sqrt(0.95 * 0.05 * times))
  })
})

describe('cohortSpread', () => {
  it('is the root mean square of the cohorts’ means', () => {
    const found = cohortSpread([[1, 3], [-3, -5, -4, -4], []])
    close(found?.deviation, Math.sqrt((4 + 16) / 2), 1e-14)
    expect(found?.freedom).toBe(2)
    close(found?.blocks, 1 / (0.75 / 2), 1e-14)
    expect(cohortSpread([[]])).toBeUndefined()
  })
})
