import { describe, expect, it } from 'vitest'
import { benjaminiHochberg, holm, maxT } from '../../src/stats/multiplicity.ts'
import { random } from '../../src/stats/random.ts'
import { close } from './close.ts'
import { tTest } from './t-test.ts'

/** Benjamini and Hochberg (1995), section 3.2. */
const published = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
]
const rejections = (adjusted: readonly number[]) => adjusted.filter((p) => p <= 0.05).length

describe('Holm and Benjamini–Hochberg', () => {
  it('agree with the paper’s example', () => {
    expect([holm, benjaminiHochberg].map((adjust) => rejections(adjust(published)))).toEqual([3, 4])
    close(holm(published)[3], 0.114, 1e-14)
    close(benjaminiHochberg(published)[3], 0.035625, 1e-14)
  })

  it('keep the order given, hold ties together, and end at 1', () => {
    const known = [0.04, 0.01, 0.03, 0.01, 0.9]
    for (const [index, p] of [0.09, 0.05, 0.09, 0.05, 0.9].entries()) close(holm(known)[index], p, 1e-14)
    for (const [index, p] of [0.05, 0.025, 0.05, 0.025, 0.9].entries()) close(benjaminiHochberg(known)[index], p, 1e-14)
    expect(holm([0.6, 0.7])).toEqual([1, 1])
    expect([holm([]), benjaminiHochberg([])]).toEqual([[], []])
  })

  it('agree with their definitions on random families', () => {
    const draw = random(1, 'families')
    for (let time = 0; time < 100; time++) {
      const ps = Array.from({ length: 1 + draw.integer(12) }, () => draw.uniform() ** 3)
      const sorted = ps.toSorted((a, b) => a - b)
      const m = ps.length
      for (const [index, p] of ps.entries()) {
        const rank = sorted.indexOf(p)
        close(holm(ps)[index], Math.max(...sorted.slice(0, rank + 1).map((q, k) => Math.min(1, (m - k) * q))), 1e-14)
        const steps = sorted.map((q, k) => (k >= rank ? (m * q) / (k + 1) : 1))
        close(benjaminiHochberg(ps)[index], Math.min(1, ...steps), 1e-14)
      }
    }
  })
})

describe('maxT', () => {
  const normals = (draw: ReturnType<typeof random>, blocks: number, shift = 0) =>
    Array.from({ length: blocks }, () => shift + draw.normal())

  it('finds the one cell that differs, and gives the same for the same seed', () => {
    const draw = random(2, 'cells')
    const cells = Array.from({ length: 12 }, (_, cell) => normals(draw, 12, cell === 7 ? 4 : 0))
    const once = () => maxT(cells, { random: random(3, 'max-t'), resamples: 999 })
    const adjusted = once()
    expect(adjusted.map((p) => p < 0.05).indexOf(true)).toBe(7)
    expect(adjusted.filter((p) => p < 0.05)).toHaveLength(1)
    expect(once()).toEqual(adjusted)
  })

  it('does not charge for cells that say the same, where Holm does', () => {
    const cell = normals(random(4, 'cell'), 15, 0.7)
    const alone = maxT([cell], { random: random(5, 'same'), resamples: 999 })
    const five = maxT([cell, cell, cell, cell, cell], { random: random(5, 'same'), resamples: 999 })
    expect(five).toEqual(new Array(5).fill(alone[0]))
  })

  it('does not care for the unit of a cell, the order of cells, or its blocks’ common level', () => {
    const draw = random(6, 'unit')
    const cells = [normals(draw, 10, 0.5), normals(draw, 10, 1), normals(draw, 10)]
    const adjusted = maxT(cells, { random: random(7, 'unit'), resamples: 499 })
    const scaled = cells.map((cell, index) => cell.map((value) => value * 4 ** index))
    expect(maxT(scaled.toReversed(), { random: random(7, 'unit'), resamples: 499 })).toEqual(adjusted.toReversed())
  })

  it('one tail sees one direction', () => {
    const up = normals(random(8, 'tail'), 12, 1.5)
    const down = up.map((value) => -value)
    const p = (cell: number[], tail: 'both' | 'greater' | 'less') =>
      maxT([cell], { random: random(9, 'tail'), resamples: 999, tail })[0] ?? Number.NaN
    expect(p(up, 'greater')).toBeLessThan(0.02)
    expect(p(up, 'less')).toBeGreaterThan(0.98)
    expect(p(down, 'less')).toBe(p(up, 'greater'))
    expect(p(up, 'both')).toBe(p(down, 'both'))
    expect(p(up, 'both')).toBeLessThan(0.02)
    expect(maxT([up], { random: random(9, 'tail'), resamples: 999 })[0]).toBe(p(up, 'both'))
  })

  it('is about the t test’s chance for a single cell of many blocks', () => {
    const cell = normals(random(10, 'single'), 40, 0.3)
    close(maxT([cell], { random: random(11, 'single'), resamples: 4999 })[0], tTest(cell)?.twoSided, 0.02)
  })

  it('leaves out what is missing, and cannot judge a cell of one value or none', () => {
    const cell = normals(random(12, 'gaps'), 8, 3)
    const gaps = [...cell, undefined, undefined]
    const [whole, one, none] = maxT([gaps, [...new Array(9).fill(undefined), 7], new Array(10).fill(undefined)], {
      random: random(13, 'gaps'),
      resamples: 999,
    })
    expect(whole).toBeLessThan(0.05)
    expect([one, none]).toEqual([1, 1])
    expect(maxT([], { random: random(1) })).toEqual([])
  })

  it('is exact where all signs can be taken: Fisher’s randomisation of every subset of cells', () => {
    const draw = random(14, 'exact')
    const cells = [normals(draw, 7, 1.2), normals(draw, 7, 0.6), normals(draw, 7)]
    const all = Array.from({ length: 2 ** 7 }, (_, number) =>
      Array.from({ length: 7 }, (_, block) => (Math.floor(number / 2 ** block) % 2 === 0 ? 1 : -1)),
    )
    const t = (cell: readonly number[], signs: readonly number[]) =>
      Math.abs(tTest(cell.map((value, block) => value * (signs[block] ?? 0)))?.t ?? Number.NaN)
    const whole = all[0] ?? []
    const inOrder = cells.toSorted((a, b) => t(b, whole) - t(a, whole))
    let most = 0
    const expected = inOrder.map((cell, place) => {
      const below = inOrder.slice(place)
      const share = all.filter((signs) => Math.max(...below.map((one) => t(one, signs))) >= t(cell, whole) - 1e-9)
      most = Math.max(most, share.length / all.length)
      return most
    })
    expect(maxT(inOrder, { random: random(15, 'exact') })).toEqual(expected)
    const drawn = maxT(inOrder, { random: random(15, 'exact'), resamples: 127 })
    for (const [index, p] of drawn.entries()) close(p, expected[index], 0.15)
  })

  it('of two blocks, one in four signs is as bad', () => {
    const gaps = [1, 1.1, ...new Array(30).fill(undefined)]
    close(maxT([gaps], { random: random(14, 'few'), resamples: 1999, tail: 'greater' })[0], 0.25, 0.04)
    expect(maxT([[1, 1.1]], { random: random(14, 'few'), tail: 'greater' })).toEqual([0.25])
    expect(maxT([[0, 0, 0]], { random: random(14, 'zero') })).toEqual([1])
    expect(maxT([[2, 2, 2]], { random: random(14, 'even'), tail: 'greater' })).toEqual([0.125])
  })

  it('finds more than Holm where cells move together, also beside cells of fewer blocks, and about as much elsewhere', () => {
    const draw = random(17, 'power')
    const found = (together: number, beside = 20) => {
      const counts = { maxT: 0, holm: 0 }
      for (let night = 0; night < 50; night++) {
        const common = normals(draw, 20)
        const cells = Array.from({ length: 36 }, (_, cell) =>
          normals(draw, 20, cell === 0 ? 0.95 / Math.sqrt(1 - together) : 0).map(
            (value, block) => Math.sqrt(1 - together) * value + Math.sqrt(together) * (common[block] ?? 0),
          ),
        )
        const gapped = cells.map((cell, index) =>
          cell.map((value, block) => (index > 0 && block >= beside ? undefined : value)),
        )
        const byHolm = holm(cells.map((cell, index) => tTest(cell.slice(0, index > 0 ? beside : 20))?.twoSided ?? 1))
        if ((byHolm[0] ?? 1) <= 0.05) counts.holm++
        if ((maxT(gapped, { random: draw, resamples: 399 })[0] ?? 1) <= 0.05) counts.maxT++
      }
      return counts
    }
    const [apart, together, beside] = [found(0), found(0.8), found(0.8, 8)]
    expect(apart.maxT).toBeGreaterThan(apart.holm - 5)
    expect(together.maxT).toBeGreaterThan(together.holm + 2)
    expect(beside.maxT).toBeGreaterThan(beside.holm + 2)
  })

  it('keeps the family’s error rate', () => {
    const draw = random(16, 'null')
    let alarms = 0
    for (let night = 0; night < 300; night++) {
      const common = normals(draw, 10)
      const cells = Array.from({ length: 6 }, () =>
        normals(draw, 10).map((value, block) => value + (common[block] ?? 0)),
      )
      if (maxT(cells, { random: draw, resamples: 199 }).some((p) => p <= 0.05)) alarms++
    }
    // 5 % of 300, and four standard deviations.
    expect(alarms).toBeLessThan(15 + 15)
    expect(alarms).toBeGreaterThan(0)
  })
})
