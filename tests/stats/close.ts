import { expect } from 'vitest'

/** Equal to nine digits, relative or absolute, whichever is the more lenient. Absent is never close. */
export function close(actual: number | undefined, expected: number | undefined, tolerance = 1e-9) {
  const [a, b] = [actual ?? Number.NaN, expected ?? Number.NaN]
  const off = Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b))
  expect(off, `${a} is not ${b}`).toBeLessThanOrEqual(tolerance)
}

/** Equal in relation to the expected value: for small chances. */
export function relatively(actual: number | undefined, expected: number, tolerance = 1e-9) {
  close((actual ?? Number.NaN) / expected, 1, tolerance)
}
