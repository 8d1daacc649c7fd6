import fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from '../../src/stats/random.ts'
import { pooledSlope } from '../../src/stats/series.ts'

const low = [1.1, 1.9, 3.2, 3.8].map((y, index) => ({ x: index + 1, y }))
const high = [11, 12.2, 12.9, 14.1].map((y, index) => ({ x: index + 1, y }))

test('agrees with figures computed apart: least squares with one intercept per group', () => {
  const slope = pooledSlope([low, high])
  expect(slope?.center).toBeCloseTo(0.97, 12)
  expect((slope?.hi ?? 0) - (slope?.center ?? 0)).toBeCloseTo(0.1365073351356749, 9)
  expect(slope?.n).toBe(8)
})

test('the level of a group does not matter', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), (level) => {
      const moved = high.map(({ x, y }) => ({ x, y: y + level }))
      expect(pooledSlope([low, moved])?.center).toBeCloseTo(0.97, 9)
    }),
  )
})

test('the interval misses the true slope about once in twenty times', () => {
  const draw = random(3, 'slope')
  const noisy = () => [0, 1, 2].map(() => [0, 1, 2, 3].map((x) => ({ x, y: 0.5 * x + draw.normal() })))
  const missed = Array.from({ length: 2000 }, () => pooledSlope(noisy())).filter(
    (slope) => (slope?.lo ?? 0) > 0.5 || (slope?.hi ?? 0) < 0.5,
  )
  expect(missed.length).toBeGreaterThan(60)
  expect(missed.length).toBeLessThan(140)
})

test('too few points, or all in one place, have no slope', () => {
  expect(pooledSlope([low.slice(0, 3)])).toBeUndefined()
  expect(pooledSlope([low.map(({ y }) => ({ x: 1, y }))])).toBeUndefined()
  expect(pooledSlope([])).toBeUndefined()
})
