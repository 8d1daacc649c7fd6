import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fittingAxis, linearAxis, logAxis, place, valueAt } from '../../src/report/charts/axes.ts'
import { placeLabels, spread } from '../../src/report/charts/labels.ts'
import { latencyAt } from '../../src/report/charts/spectrum.ts'

const positive = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 })

describe('axes', () => {
  it('hold every value and end at ticks of round numbers', () => {
    expect(linearAxis([61, 329])).toEqual({ kind: 'linear', domain: [0, 400], ticks: [0, 100, 200, 300, 400] })
    expect(logAxis([0.0007, 0.004])).toEqual({ kind: 'log', domain: [5e-4, 5e-3], ticks: [5e-4, 1e-3, 2e-3, 5e-3] })
    fc.assert(
      fc.property(positive, (values) => {
        for (const axis of [linearAxis(values), logAxis(values)]) {
          for (const value of values) {
            expect(place(axis, value)).toBeGreaterThan(-1e-3)
            expect(place(axis, value)).toBeLessThan(1 + 1e-3)
            expect(valueAt(axis, place(axis, value))).toBeCloseTo(value, 6 - Math.ceil(Math.log10(value)))
          }
          expect(axis.ticks.length).toBeGreaterThan(0)
          expect(axis.ticks.length).toBeLessThan(16)
        }
      }),
    )
  })

  it('start at zero unless that hides the small values', () => {
    expect(fittingAxis([1, 5]).kind).toBe('linear')
    expect(fittingAxis([1, 50]).kind).toBe('log')
    expect(linearAxis([]).domain).toEqual([0, 1])
  })
})

describe('labels', () => {
  it('are spread by the gap, in their order, within the length', () => {
    const positions = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(positions, (given) => {
        const placed = spread(given, 15, 200).toSorted((a, b) => a - b)
        for (const [index, y] of placed.entries()) {
          expect(y).toBeGreaterThanOrEqual(0)
          expect(y).toBeLessThanOrEqual(200)
          if (index > 0) expect(y - (placed[index - 1] ?? 0)).toBeGreaterThanOrEqual(15 - 1e-9)
        }
      }),
    )
    expect(spread([10, 100], 15, 200)).toEqual([10, 100])
  })

  it('stand beside their points without meeting, or are left out', () => {
    const two = placeLabels(
      [
        { x: 50, y: 50, text: 'none' },
        { x: 51, y: 50, text: 'none-again' },
      ],
      300,
      200,
    )
    expect(two.map(({ text }) => text)).toEqual(['none', 'none-again'])
    expect(new Set(two.map(({ dx, dy }) => `${dx} ${dy}`)).size).toBe(2)
    expect(placeLabels([{ x: 5, y: 5, text: 'much too long for so small a chart' }], 60, 60)).toEqual([])
  })
})

describe('latencyAt', () => {
  it('reads the first point that reaches the quantile, and nothing beyond the last', () => {
    const spectrum = [
      { quantile: 0.5, latency: 1 },
      { quantile: 0.95, latency: 2 },
    ]
    expect(latencyAt(spectrum, 0.9)).toBe(2)
    expect(latencyAt(spectrum, 0.99)).toBeUndefined()
  })
})
