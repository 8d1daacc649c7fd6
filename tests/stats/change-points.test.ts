import { describe, expect, it } from 'vitest'
import { mean } from '../../src/stats/moments.ts'
import { random } from '../../src/stats/random.ts'
import { changePoints } from '../../src/stats/series.ts'
import { close } from './close.ts'
import { tigerbeetle } from './tigerbeetle.ts'

// Series and results: the tests of Apache Otava (1ceb153).
const levels = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150]
const halved = [
  1.02, 0.95, 0.99, 1, 1.12, 1, 1.01, 0.98, 1.01, 0.96, 0.5, 0.51, 0.48, 0.48, 0.55, 0.5, 0.49, 0.51, 0.5, 0.49,
]
const indices = (found: { readonly index: number }[]) => found.map(({ index }) => index)

/** The divergence by its definition. */
function divergenceOf(x: readonly number[], y: readonly number[]): number {
  const total = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, a) => sum + other.reduce((inner, b) => inner + Math.abs(a - b), 0), 0)
  const [n, m] = [x.length, y.length]
  const within = (values: readonly number[]) => total(values, values) / 2 / Math.max(1, values.length - 1)
  return (2 / (n + m)) * (total(x, y) - m * within(x) - n * within(y))
}

describe('changePoints', () => {
  it('finds the changes of Otava’s three levels', () => {
    const found = changePoints(levels, { random: random(1), alpha: 0.05 })
    expect(indices(found)).toEqual([5, 8])
    close(found[0]?.divergence, 761.2821428571427)
  })

  it('finds the change of Otava’s twenty nights', () => {
    expect(indices(changePoints(halved, { random: random(1) }))).toEqual([10])
    expect(changePoints(halved, { random: random(1) })[0]?.p).toBe(1 / 500)
  })

  it('finds in a real history what Otava does, and not its single spike', () => {
    const found = indices(changePoints(tigerbeetle, { random: random(1), permutations: 99, alpha: 0.02 }))
    const edges = [0, ...found, tigerbeetle.length]
    const level = (segment: number) => mean(tigerbeetle.slice(edges[segment], edges[segment + 1]))
    const large = found.filter((_, index) => Math.abs(level(index + 1) / level(index) - 1) >= 0.05)
    // Otava's test names these for changes of 5 % and more (window 30, p below 0.01 and 0.05).
    expect(large).toEqual([15, 71])
    // The smaller ones are ours: it asks a t test within windows, this a permutation of whole segments.
    expect(found).toEqual([15, 61, 71, 95, 131, 142, 148, 192, 260])
  })

  it('takes the split that its definition says', () => {
    const draw = random(2, 'series')
    for (let time = 0; time < 30; time++) {
      const series = Array.from({ length: 8 + draw.integer(10) }, (_, index) => draw.normal() + (index > 4 ? 9 : 0))
      let best = { index: 0, divergence: 0 }
      for (let index = 3; index <= series.length - 3; index++) {
        for (let end = index + 3; end <= series.length; end++) {
          const divergence = divergenceOf(series.slice(0, index), series.slice(index, end))
          if (divergence > best.divergence) best = { index, divergence }
        }
      }
      const first = changePoints(series, { random: draw, permutations: 1, alpha: 1 })
      const match = first.find(({ index }) => index === best.index)
      close(match?.divergence, best.divergence)
    }
  })

  it('keeps segments at least as long as asked', () => {
    const draw = random(3, 'segments')
    const series = Array.from({ length: 30 }, () => draw.normal())
    for (const minimum of [1, 2, 3, 7]) {
      const found = indices(changePoints(series, { random: draw, permutations: 1, alpha: 1, minimum }))
      const edges = [0, ...found, series.length]
      const lengths = edges.slice(1).map((end, index) => end - (edges[index] ?? 0))
      expect(Math.min(...lengths)).toBeGreaterThanOrEqual(minimum)
      expect(found.length).toBeGreaterThan(0)
      expect(found).toEqual(found.toSorted((a, b) => a - b))
      expect(new Set(found).size).toBe(found.length)
    }
  })

  it('gives the same for the same seed, and finds nothing where nothing can be', () => {
    const once = () => changePoints(tigerbeetle.slice(0, 40), { random: random(4), permutations: 99, alpha: 0.05 })
    expect(once()).toEqual(once())
    expect(changePoints([], { random: random(1) })).toEqual([])
    expect(changePoints([1, 2, 3, 4, 5], { random: random(1), alpha: 1 })).toEqual([])
    expect(changePoints(new Array(20).fill(3), { random: random(1), alpha: 1 })).toEqual([])
    // Too few permutations to be this sure.
    expect(changePoints(halved, { random: random(1), permutations: 50, alpha: 0.01 })).toEqual([])
  })

  it('is wrong about as often as asked on series without change', () => {
    const draw = random(5, 'null')
    let wrong = 0
    for (let time = 0; time < 300; time++) {
      const series = Array.from({ length: 16 }, () => draw.normal())
      if (changePoints(series, { random: draw, permutations: 39, alpha: 0.1 }).length > 0) wrong++
    }
    // 10 % of 300, and four standard deviations.
    expect(wrong).toBeGreaterThan(30 - 21)
    expect(wrong).toBeLessThan(30 + 21)
  })
})
