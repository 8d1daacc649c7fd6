import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatChange, formatChanges, formatNumber } from '../../src/model/units.ts'

describe('numbers', () => {
  /** What the language itself writes, which takes long to set up. */
  const own = (value: number, digits: number) =>
    new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits }).format(value)

  it('are written as the language writes them, whatever their size and digits', () => {
    const halves = fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -9, max: 9 }))
    const values = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e16, max: 1e16 }),
      fc.double({ noNaN: true, min: -2000, max: 2000 }),
      // Halfway between two numbers of fewer digits.
      halves.map(([whole, power]) => Number(`${whole}5e${power}`)),
    )
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 15 }), (value, digits) => {
        expect(formatNumber(value, digits)).toBe(own(value, digits))
      }),
    )
  })

  it.each([
    [1234, '1,230'],
    [0.01234, '0.0123'],
    [692.05, '692'],
    [1234567.8, '1,230,000'],
    [999.6, '1,000'],
    [0, '0'],
    [1e-9, '0.000000001'],
    [Number.NaN, '–'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })
})

describe('changes in percent', () => {
  it('have a decimal below ten', () => {
    expect([1.043, 0.9, 1.18, 1, Number.NaN].map((ratio) => formatChange(ratio))).toEqual([
      '+4.3 %',
      '−10.0 %',
      '+18 %',
      '+0.0 %',
      '–',
    ])
  })

  it('as the ends of an interval, never read alike where they differ', () => {
    expect(formatChanges({ lo: 1.035, hi: 1.13 })).toBe('+3.5 % … +13 %')
    expect(formatChanges({ lo: 1.189, hi: 1.193 })).toBe('+18.9 % … +19.3 %')
    expect(formatChanges({ lo: 0.9995, hi: 0.9998 })).toBe('−0.05 % … −0.02 %')
    expect(formatChanges({ lo: 1.18, hi: 1.18 })).toBe('+18 % … +18 %')
    expect(formatChanges({ lo: 1.2 })).toBeUndefined()
  })
})
