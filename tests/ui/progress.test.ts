import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { outputTo } from '../../src/ui/output.ts'
import { progress } from '../../src/ui/progress.ts'
import { examplePlan } from '../store/example.ts'
import { AT, capture, eventsOf, plain } from './example.ts'

const plan = examplePlan(2)
const TERMINAL = { columns: 100, rows: 30 }
const warning: Event = {
  at: AT + 37,
  type: 'warning',
  failure: { code: 'slow', message: 'it is slow', remedy: 'Be patient.' },
}

beforeEach(() => void vi.stubEnv('TZ', 'UTC'))
afterEach(() => void vi.unstubAllEnvs())

test('without a terminal: a line for each step and trial', () => {
  const { writes, stream } = capture(undefined)
  let ahead = 148
  const view = progress({ output: outputTo(stream), interactive: false, plan, style: plain, eta: () => ahead })
  for (const event of eventsOf(plan)) {
    if (event.type === 'result') ahead -= 37
    view.show(event)
  }
  view.stop()
  expect(writes.join('')).toMatchInlineSnapshot(`
    "quick: 4 trials, about 2 min 30 s left
    block 1 of 2
      none: starting proxies
      [1/4] none http-1k  p50 1.24 ms, p99 4 ms, 998/s  (about 1 min 50 s left)
      envoy-sidecar: starting proxies
      [2/4] envoy-sidecar http-1k  failed: the proxy client-envoy died  (about 1 min 10 s left)
    block 2 of 2
      none: starting proxies
      [3/4] none http-1k  p50 1.24 ms, p99 4 ms, 998/s  (about 37 s left)
      envoy-sidecar: starting proxies
      [4/4] envoy-sidecar http-1k  p50 1.24 ms, p99 4 ms, 998/s
    done: 4 of 4 trials, 1 failed
    "
  `)
})

test('GitHub Actions folds each block', () => {
  const { writes, stream } = capture(undefined)
  const view = progress({ output: outputTo(stream), interactive: false, plan, style: plain, folding: 'github-actions' })
  for (const event of eventsOf(plan)) view.show(event)
  view.stop()
  expect(writes.filter((line) => line.startsWith('::'))).toEqual([
    '::group::block 1 of 2\n',
    '::endgroup::\n',
    '::group::block 2 of 2\n',
    '::endgroup::\n',
  ])
  expect(writes.at(-1)).toBe('done: 4 of 4 trials, 1 failed\n')
})

test('on a terminal: where the run is', () => {
  const { writes, stream } = capture(TERMINAL)
  const view = progress({ output: outputTo(stream), interactive: true, plan, style: plain, eta: () => 100 })
  const events = eventsOf(plan)
  const last = events.findLastIndex((event) => event.type === 'phase' && event.phase === 'measure')
  for (const event of events.slice(0, last)) view.show(event)
  writes.length = 0
  stream.columns = 101 // Another width is drawn anew, not patched.
  view.show(events[last] as Event)
  expect(stripVTControlCharacters(writes.join(''))).toMatchInlineSnapshot(`
    "quick  block 2 of 2
      envoy-sidecar http-1k: measuring, 30 s, until 10:36:27
      ███████████████░░░░░  3 of 4 trials, about 1 min 30 s left, 1 min 57 s so far, 77 % of it measuring
      last: none http-1k  p50 1.24 ms, p99 4 ms, 998/s
      1 failed
    "
  `)
})

test('what does not count and warnings stay above the view', () => {
  const { writes, stream } = capture(TERMINAL)
  const judge = vi.fn((result) => ({
    result,
    status: 'invalid' as const,
    problems: [
      {
        rule: 'rate-not-held',
        message: 'The rate',
        severity: 'invalid' as const,
        cause: 'only 80 % was sent',
        effect: '',
        remedy: '',
      },
    ],
  }))
  const view = progress({ output: outputTo(stream), interactive: true, plan, style: plain, judge })
  for (const event of eventsOf(plan).slice(0, 8)) view.show(event)
  view.show(warning)
  view.stop()
  const text = stripVTControlCharacters(writes.join(''))
  expect(text).toContain('none http-1k  p50 1.24 ms, p99 4 ms, 998/s  invalid: only 80 % was sent\n')
  expect(text).toContain('warning: it is slow\n  fix: Be patient.\n')
  expect(text.endsWith('stopped: 1 of 4 trials, 1 invalid, 1 warning\n')).toBe(true)
})

test.each([
  ['terminal', true],
  ['log', false],
])('nothing moves within a window (%s)', async (_, interactive) => {
  vi.useFakeTimers()
  const { writes, stream } = capture(interactive ? TERMINAL : undefined)
  const view = progress({ output: outputTo(stream), interactive, plan, style: plain })
  const [first, ...rest] = eventsOf(plan)
  const idle = { at: first?.at ?? 0, type: 'idle', arm: 'none', seconds: 5 } as const
  for (const event of [...(first ? [first] : []), idle, ...rest]) {
    view.show(event)
    if (event === idle && interactive) expect(writes.join('')).toContain('none: measuring without load, 5 s')
    if (event !== idle && (event.type !== 'phase' || event.phase !== 'measure')) continue
    writes.length = 0
    view.show({ ...warning, at: event.at + 1 })
    view.show({ at: event.at + 1, type: 'step', title: 'a step of somebody else' })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(writes).toEqual([])
  }
  view.stop()
  const text = stripVTControlCharacters(writes.join(''))
  expect(text).toContain('it is slow')
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

test.each([
  ['terminal', true],
  ['log', false],
])('nothing is drawn over a question (%s)', async (_, interactive) => {
  vi.useFakeTimers()
  const { writes, stream } = capture(interactive ? TERMINAL : undefined)
  const view = progress({ output: outputTo(stream), interactive, plan, style: plain })
  const { promise: answer, resolve } = Promise.withResolvers<string>()
  for (const event of eventsOf(plan).slice(0, 4)) view.show(event)
  const aside = view.aside(() => answer)
  writes.length = 0
  await vi.advanceTimersByTimeAsync(30_000)
  expect(writes).toEqual([])
  resolve('yes')
  expect(await aside).toBe('yes')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(writes).not.toEqual([])
  view.stop()
  vi.useRealTimers()
})

test('signals stay with whoever runs the program', () => {
  const before = process.listenerCount('SIGINT')
  const { stream } = capture(TERMINAL)
  const view = progress({ output: outputTo(stream), interactive: true, plan, style: plain })
  for (const event of eventsOf(plan)) view.show(event)
  view.stop()
  expect(process.listenerCount('SIGINT')).toBe(before)
})
