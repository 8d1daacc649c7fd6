import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase85, MARK_85, toBase85 } from '../../src/report/base85.ts'
import { html, textOf } from '../../src/report/html.ts'

describe('base 85', () => {
  it('gives back every sequence of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(fromBase85(toBase85(bytes))).toEqual(bytes)
      }),
    )
    for (const value of [0, 255]) {
      for (let length = 0; length < 10; length++) {
        const bytes = new Uint8Array(length).fill(value)
        expect(fromBase85(toBase85(bytes))).toEqual(bytes)
      }
    }
  })

  it('takes five letters for four bytes, none of which HTML would escape', () => {
    const bytes = Uint8Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256)
    const text = toBase85(bytes)
    expect(text).toHaveLength(MARK_85.length + 5000)
    expect(textOf(html`${text}`)).toBe(text)
  })
})
