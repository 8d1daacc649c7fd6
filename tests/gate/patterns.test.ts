import { expect, test } from 'vitest'
import { covers } from '../../src/gate/read-limits.ts'

const place = { arm: 'istio-sidecar', load: 'http-1k', metric: 'p99' }

test.each([
  ['istio-sidecar/http-1k/p99', true],
  ['istio-sidecar/http-1k/p9', false],
  ['*/*/*', true],
  ['istio-*/*/p*', true],
  ['*-sidecar/http*1k/*99', true],
  ['i*o-*e*r/*-*/p*9*9', true],
  ['istio-sidecar**/***/p99', true],
  ['istio-sidecar*r/*/*', false],
  ['istio*istio*/*/*', false],
  ['*/*', false],
  ['*/*/*/*', false],
  ['istio.sidecar/*/*', false],
  ['/*/*', false],
])('%s: %s', (pattern, is) => {
  expect(covers(pattern, place)).toBe(is)
})

test('a pattern of many stars is decided at once', () => {
  const pattern = `${'*a'.repeat(10_000)}b/*/*`
  const before = performance.now()
  expect(covers(pattern, { ...place, arm: 'a'.repeat(20_000) })).toBe(false)
  expect(covers(`${'*'.repeat(10_000)}x/*/*`, place)).toBe(false)
  expect(performance.now() - before).toBeLessThan(500)
})
