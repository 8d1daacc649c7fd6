import { describe, expect, it } from 'vitest'
import {
  formatDifference,
  formatInterval,
  formatLevel,
  formatRatio,
  formatRatioInterval,
} from '../../src/report/format.ts'

/** With plain spaces, which are easier to read in a test. */
const plain = (text: string | undefined) => text?.replaceAll('\u{A0}', ' ')

describe('figures', () => {
  it('writes levels in the unit of the metric', () => {
    expect(plain(formatLevel('seconds', 0.00124))).toBe('1.24 ms')
    expect(plain(formatLevel('bytes', 96 * 2 ** 20))).toBe('96 MiB')
    expect(plain(formatLevel('cpu-seconds-per-million', 193.4))).toBe('193 s')
    expect(plain(formatLevel('per-second', 1999.96))).toBe('2,000/s')
    expect(plain(formatDifference('seconds', -0.0002))).toBe('−200 µs')
  })

  it('writes ratios as percent below two, as factors from there', () => {
    expect(plain(formatRatio(1.523))).toBe('+52 %')
    expect(plain(formatRatio(0.93))).toBe('−7.0 %')
    expect(plain(formatRatio(4))).toBe('×4.00')
    expect(plain(formatRatio(54.06))).toBe('×54.1')
  })

  it('writes intervals without repeating the unit', () => {
    const interval = (lo: number, hi: number) => plain(formatRatioInterval({ center: 1, lo, hi, n: 6 }))
    expect(interval(1.45, 1.6)).toBe('+45 to +60 %')
    expect(interval(1.189, 1.193)).toBe('+18.9 to +19.3 %')
    expect(interval(2.28, 2.33)).toBe('×2.28 to 2.33')
    expect(interval(1.95, 2.2)).toBe('+95 % to ×2.20')
    expect(formatRatioInterval({ center: 1.2, n: 1 })).toBeUndefined()
    const seconds = (lo: number, hi: number) =>
      plain(formatInterval({ center: 1, lo, hi, n: 6 }, (value) => formatDifference('seconds', value)))
    expect(seconds(0.00478, 0.00768)).toBe('+4.78 to +7.68 ms')
    expect(seconds(-0.0002, 0.0012)).toBe('−200 µs to +1.2 ms')
  })
})
