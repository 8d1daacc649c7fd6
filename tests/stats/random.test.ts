import { describe, expect, it } from 'vitest'
import { random } from '../../src/stats/random.ts'

const take = <T>(times: number, one: () => T) => Array.from({ length: times }, one)

describe('random', () => {
  it('is the same for the same seed and labels, and another for any other', () => {
    const first = (...args: Parameters<typeof random>) => take(4, random(...args).uniform).join()
    expect(first(1, 'a', 2)).toBe(first(1, 'a', 2))
    const streams = [
      first(1),
      first(2),
      first(1, 'a'),
      first(1, 'b'),
      first(1, 'a', 'b'),
      first(1, 'b', 'a'),
      first(1, 'ab'),
    ]
    expect(new Set(streams).size).toBe(streams.length)
  })

  it('never changes: plans and reports of former runs hang on it', () => {
    const draw = random(7, 'pinned')
    expect([
      draw.integer(1000),
      draw.integer(1000),
      draw.shuffle([1, 2, 3, 4, 5]),
      draw.uniform(),
      draw.normal(),
    ]).toMatchInlineSnapshot(`
      [
        975,
        203,
        [
          4,
          3,
          5,
          1,
          2,
        ],
        0.32810165315569906,
        0.43667278402946624,
      ]
    `)
  })

  it('draws first, for labels that count up, as it draws at all', () => {
    const blocks = Array.from({ length: 400 }, (_, block) => block)
    const firsts = blocks.map((block) => random(1, 'order', block).shuffle(['a', 'b'])[0])
    const turns = firsts.filter((first, block) => block > 0 && first !== firsts[block - 1]).length
    expect(Math.abs(turns - 200)).toBeLessThan(40)
  })

  it('is even, in its range', () => {
    const draw = random(1, 'even')
    const counts = new Array<number>(6).fill(0)
    for (const place of take(6000, () => draw.integer(6))) counts[place] = (counts[place] ?? 0) + 1
    expect(counts).toHaveLength(6)
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(130)
    const uniform = take(2000, draw.uniform)
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(uniform.filter((value) => value < 0.25).length / 2000).toBeCloseTo(0.25, 1)
  })

  it('has the mean, scatter and tails of the normal', () => {
    const draw = random(2, 'normal')
    const values = take(20_000, draw.normal)
    const share = (fits: (value: number) => boolean) => values.filter(fits).length / values.length
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 20_000)).toBeLessThan(0.03)
    expect(Math.abs(values.reduce((sum, value) => sum + value * value, 0) / 20_000 - 1)).toBeLessThan(0.05)
    expect(Math.abs(share((value) => value < -1.96) - 0.025)).toBeLessThan(0.005)
    expect(Math.abs(share((value) => value > 1.96) - 0.025)).toBeLessThan(0.005)
    expect(Math.abs(share((value) => Math.abs(value) < 0.6745) - 0.5)).toBeLessThan(0.015)
  })

  it('shuffles evenly, and leaves what it is given alone', () => {
    const draw = random(3, 'shuffle')
    const given = ['a', 'b', 'c']
    const counts = new Map<string, number>()
    for (const order of take(3000, () => draw.shuffle(given).join(''))) counts.set(order, (counts.get(order) ?? 0) + 1)
    expect(given).toEqual(['a', 'b', 'c'])
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(85)
  })
})
