import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loggedWarnings, shortened } from '../../src/loads/messages.ts'
import { pausesOf } from '../../src/loads/pauses.ts'
import { dueTimes } from '../../src/loads/ticks.ts'
import { timelineBuilder } from '../../src/loads/timeline.ts'
import { wholeLines } from '../../src/loads/whole-lines.ts'
import { inPieces } from './captured.ts'

describe('wholeLines', () => {
  it('gives all bytes, in blocks that end where a line ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(10, 97, 98)), fc.integer({ min: 1, max: 9 }), async (bytes, size) => {
        const blocks: Uint8Array[] = []
        for await (const block of wholeLines(inPieces(Uint8Array.from(bytes), size))) blocks.push(block)
        expect(blocks.flatMap((block) => [...block])).toEqual(bytes)
        for (const block of blocks.slice(0, -1)) expect(block.at(-1)).toBe(10)
      }),
    )
  })
})

describe('timelineBuilder', () => {
  it('has exact quantiles by the second, 0 where there was no success, and the rest in the nearest row', () => {
    const timeline = timelineBuilder(2.5, 2)
    const at = Float64Array.from([-1, 0, 999_999, 1_000_000, 9e9])
    timeline.answered(at, Float64Array.from([10, 30, 20.6, 400, 7]), new Float64Array(5), 5)
    timeline.failed(2e6)
    expect(timeline.build()).toEqual({
      requests: [3, 1, 2],
      errors: [0, 0, 1],
      p50: [21, 400, 7],
      p90: [30, 400, 7],
      p99: [30, 400, 7],
      max: [30, 400, 7],
    })
    expect(timelineBuilder(1, 0).build().p50).toEqual([0])
  })

  it('grows, and loses nothing when seconds alternate', () => {
    const timeline = timelineBuilder(2, 1)
    const at = Float64Array.from({ length: 5000 }, (_, index) => (index % 2) * 1e6)
    timeline.answered(
      at,
      Float64Array.from({ length: 5000 }, (_, index) => index + 1),
      Float64Array.from({ length: 5000 }, (_, index) => 5000 - index),
      5000,
    )
    expect(timeline.build()).toMatchObject({ requests: [2500, 2500], max: [4999, 5000] })
    expect(timeline.slices(1)).toMatchObject({ answers: [2500, 2500], p99: [4949, 4950], serviceP99: [4950, 4949] })
  })

  it('cuts the window into slices whose p99 is that of all their requests, by both clocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 6_999_999 }), fc.nat(1e6), fc.nat(1e6)), { maxLength: 400 }),
        fc.integer({ min: 1, max: 3 }),
        (requests, length) => {
          const timeline = timelineBuilder(7, 3)
          const column = (place: 0 | 1 | 2) => Float64Array.from(requests, (request) => request[place])
          timeline.answered(column(0), column(1), column(2), requests.length)
          const slices = timeline.slices(length)
          const p99 = (slice: number, place: 1 | 2) => {
            const inside = requests.filter(([at]) => Math.floor(at / (length * 1e6)) === slice)
            const sorted = inside.map((request) => request[place]).sort((a, b) => a - b)
            return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0
          }
          const all = Array.from({ length: Math.floor(7 / length) }, (_, slice) => slice)
          expect(slices.p99).toEqual(all.map((slice) => p99(slice, 1)))
          expect(slices.serviceP99).toEqual(all.map((slice) => p99(slice, 2)))
        },
      ),
    )
  })
})

describe('pausesOf', () => {
  const of = (requests: readonly [start: number, latency: number][], connections = 4) =>
    pausesOf(
      { starts: requests.map(([start]) => start), latencies: requests.map(([, latency]) => latency) },
      10,
      connections,
    )

  it('counts moments in which half of the connections wait', () => {
    expect(
      of([
        [0, 1000],
        [500, 1000],
      ]),
    ).toEqual({ count: 1, seconds: 500e-6 })
    expect(
      of([
        [0, 1000],
        [500, 1000],
        [5000, 200],
        [5100, 200],
      ]),
    ).toEqual({ count: 2, seconds: 600e-6 })
    expect(
      of([
        [0, 1000],
        [100, 1000],
        [200, 1000],
        [900, 300],
      ]),
    ).toEqual({ count: 1, seconds: 1100e-6 })
  })

  it('does not count fewer connections, nor requests that were only slow', () => {
    expect(
      of([
        [0, 1000],
        [1000, 1000],
      ]),
    ).toEqual({ count: 0, seconds: 0 })
    expect(
      of([
        [0, 90],
        [10, 90],
      ]),
    ).toEqual({ count: 0, seconds: 0 })
    expect(of([])).toEqual({ count: 0, seconds: 0 })
  })
})

describe('dueTimes', () => {
  it('finds the clock again, up to what the promptest was late', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 30, max: 900 })), { minLength: 1, maxLength: 100 }),
        (ticks) => {
          const late = ticks.map(([, by]) => by)
          const time = (tick: number) => 5000 + tick * 1000 + (late[tick] ?? 0)
          const sent = ticks.flatMap(([isSent], tick) => (isSent ? [tick] : []))
          const dropped = ticks.flatMap(([isSent], tick) => (isSent ? [] : [time(tick)]))
          const due = dueTimes(sent.map(time), dropped, 1000)
          const truth = (tick: number) => 5000 + tick * 1000 + Math.min(...late)
          expect(Array.from(due.sent)).toEqual(sent.map(truth))
          expect(Array.from(due.dropped)).toEqual(ticks.flatMap(([isSent], tick) => (isSent ? [] : [truth(tick)])))
        },
      ),
    )
  })

  it('does not ask for order', () => {
    expect(Array.from(dueTimes([2010, 10, 1500], [], 1000).sent)).toEqual([2010, 10, 1010])
  })
})

describe('messages', () => {
  it('are said once, whatever their numbers, the most frequent first', () => {
    expect(shortened(['port 1', 'full', 'port 2'])).toEqual(['port 1 (2 times)', 'full'])
    expect(shortened(['x'.repeat(500)])[0]).toHaveLength(200)
    expect(shortened(Array.from({ length: 99 }, (_, index) => 'y'.repeat(index + 1)))).toHaveLength(20)
  })

  it('are taken from logs of both tools', () => {
    const log = [
      '{"ts":1,"level":"info","msg":"fine"}',
      '{"ts":1,"level":"warn","msg":"of fortio"}',
      '{"level":"warning","msg":"of k6"}',
      '{"level":"err","msg":"cannot assign requested address"}',
      '{broken',
      'All done 3000 calls',
    ]
    expect(loggedWarnings(log.join('\n'))).toEqual(['of fortio', 'of k6', 'cannot assign requested address'])
  })
})
