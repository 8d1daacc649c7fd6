import { expect, test } from 'vitest'
import { styleFor } from '../../src/ui/terminal-style.ts'

const TERMINAL = { isTTY: true }
const XTERM = { TERM: 'xterm-256color' }

test.each([
  ['a terminal', TERMINAL, XTERM, true],
  ['no terminal', {}, XTERM, false],
  ['NO_COLOR', TERMINAL, { ...XTERM, NO_COLOR: '1' }, false],
  ['an empty NO_COLOR, which counts as unset', TERMINAL, { ...XTERM, NO_COLOR: '' }, true],
  ['TERM=dumb', TERMINAL, { TERM: 'dumb' }, false],
  ['FORCE_COLOR without a terminal', {}, { FORCE_COLOR: '1' }, true],
  ['FORCE_COLOR=0', TERMINAL, { ...XTERM, FORCE_COLOR: '0' }, false],
])('colour with %s', (_, stream, env, expected) => {
  expect(styleFor(stream, env).red('x') !== 'x').toBe(expected)
})

test.each([
  [{ LANG: 'en_US.UTF-8' }, '412 µs × 1.2–1.3'],
  [{ LANG: 'C.utf8' }, '412 µs × 1.2–1.3'],
  [{ LANG: 'C' }, '412 us x 1.2-1.3'],
  [{}, '412 us x 1.2-1.3'],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, '412 us x 1.2-1.3'],
])('characters with %j', (env, expected) => {
  expect(styleFor(TERMINAL, env).plain('412 µs × 1.2–1.3')).toBe(expected)
})

test('what has no counterpart in ASCII is one question mark', () => {
  expect(styleFor(TERMINAL, {}).plain('a🙂b')).toBe('a?b')
})
