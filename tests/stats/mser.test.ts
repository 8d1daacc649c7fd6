import { describe, expect, it } from 'vitest'
import { random } from '../../src/stats/random.ts'
import { mser } from '../../src/stats/series.ts'

const stretch = (means: readonly number[], batch: number) =>
  means.flatMap((mean) => new Array<number>(batch).fill(mean))
const settled = Array.from({ length: 8 }, () => [1, 2]).flat()

describe('mser', () => {
  it('cuts the descent of the worked example: four batches of five', () => {
    expect(mser(stretch([9, 7, 5, 3, ...settled], 5))).toEqual({ truncate: 20, steady: true })
    expect(mser([9, 7, 5, 3, ...settled], 1)).toEqual({ truncate: 4, steady: true })
  })

  it('leaves out a last batch that is not full', () => {
    expect(mser([...stretch([9, 7, 5, 3, ...settled], 5), 1000, 1000, 1000, 1000])).toEqual({
      truncate: 20,
      steady: true,
    })
  })

  it('cuts nothing from what is level, and of equal cuts takes the earliest', () => {
    expect(mser(stretch([4, 4, 4, 4], 5))).toEqual({ truncate: 0, steady: true })
  })

  it('says so where it never settles', () => {
    expect(mser(Array.from({ length: 40 }, (_, index) => index))).toEqual({ truncate: 20, steady: false })
    expect(mser([1, 2, 3])).toEqual({ truncate: 0, steady: false })
    expect(mser([1, 2, 3, 4, 5])).toEqual({ truncate: 0, steady: false })
  })

  it('agrees with its definition', () => {
    const draw = random(1, 'mser')
    for (let time = 0; time < 100; time++) {
      const means = Array.from({ length: 4 + draw.integer(30) }, (_, index) => draw.normal() + 4 * Math.exp(-index / 3))
      const errors = Array.from({ length: Math.floor(means.length / 2) + 1 }, (_, cut) => {
        const rest = means.slice(cut)
        const mean = rest.reduce((sum, one) => sum + one, 0) / rest.length
        return rest.reduce((sum, one) => sum + (one - mean) ** 2, 0) / rest.length ** 2
      })
      const best = errors.indexOf(Math.min(...errors))
      expect(mser(means, 1)).toEqual({ truncate: best, steady: best < errors.length - 1 })
    }
  })
})
