import { describe, expect, it } from 'vitest'
import { williams } from '../../src/plan/make-plan.ts'

describe('williams', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('has every ordered pair of neighbours equally often for n = %i', (n) => {
    const pairs = new Map<string, number>()
    for (const row of williams(n)) {
      for (let place = 1; place < n; place++) {
        const pair = `${row[place - 1]},${row[place]}`
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
      }
    }
    expect(pairs.size).toBe(n * (n - 1))
    expect([...pairs.values()].every((times) => times === (n % 2 === 0 ? 1 : 2))).toBe(true)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('is made of Latin squares for n = %i', (n) => {
    const all = Array.from({ length: n }, (_, treatment) => treatment)
    const rows = williams(n)
    expect(rows).toHaveLength(n % 2 === 0 ? n : 2 * n)
    for (const row of rows) expect(row.toSorted()).toEqual(all)
    for (let from = 0; from < rows.length; from += n) {
      for (const place of all) {
        expect(
          rows
            .slice(from, from + n)
            .map((row) => row[place])
            .toSorted(),
        ).toEqual(all)
      }
    }
  })

  it('is the published square for four treatments', () => {
    expect(williams(4)).toEqual([
      [0, 1, 3, 2],
      [1, 2, 0, 3],
      [2, 3, 1, 0],
      [3, 0, 2, 1],
    ])
  })
})
