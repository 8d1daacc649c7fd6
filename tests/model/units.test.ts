import { describe, expect, it } from 'vitest'
import { formatChange, formatChanges } from '../../src/model/units.ts'

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
