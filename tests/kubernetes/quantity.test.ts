import { expect, it } from 'vitest'
import { parseQuantity } from '../../src/kubernetes/pods.ts'

it.each([
  ['500m', 0.5],
  ['2', 2],
  ['1.5', 1.5],
  ['1Gi', 1024 ** 3],
  ['128Mi', 128 * 1024 ** 2],
  ['1G', 1e9],
  ['1e3', 1000],
  ['100k', 1e5],
])('reads %s', (text, value) => {
  expect(parseQuantity(text)).toBeCloseTo(value, 12)
})

it.each(['', 'lots', '1GiB', '1.2.3', '-'])('refuses "%s"', (text) => {
  expect(parseQuantity(text)).toBeUndefined()
})
