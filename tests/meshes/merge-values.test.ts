import { describe, expect, it } from 'vitest'
import { mergeValues } from '../../src/meshes/settings.ts'

describe('Helm values are merged', () => {
  it('deeply, the later over the earlier', () => {
    const below = { a: { b: 1, c: { d: 2 } }, e: 3 }
    expect(mergeValues(below, { a: { c: { f: 4 } } }, undefined, { e: 5 })).toEqual({
      a: { b: 1, c: { d: 2, f: 4 } },
      e: 5,
    })
    expect(below).toEqual({ a: { b: 1, c: { d: 2 } }, e: 3 })
  })

  it('with lists and what is no tree replaced', () => {
    expect(mergeValues({ a: [1, 2], b: { c: 1 }, d: 1 }, { a: [3], b: null, d: { e: 1 } })).toEqual({
      a: [3],
      b: null,
      d: { e: 1 },
    })
  })

  it('without reaching into what every object has', () => {
    const merged = mergeValues({}, JSON.parse('{"__proto__":{"polluted":true},"constructor":{"x":1}}'))
    expect(Object.hasOwn(merged, 'constructor')).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
